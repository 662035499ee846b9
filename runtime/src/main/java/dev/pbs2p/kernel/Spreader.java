package dev.pbs2p.kernel;

import static jdk.incubator.vector.VectorOperators.AND_NOT;
import static jdk.incubator.vector.VectorOperators.XOR;

import dev.pbs2p.format.SlicedLayout;
import dev.pbs2p.format.SlicedLayout.Subblock;
import dev.pbs2p.tensor.PackedFormat;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;

/// Spreads compact planes: the bit of the r-th kept weight of an N:M group goes to the slot of that weight.
///
/// All of it is bitwise logic on whole vectors. Each bit position counts the kept weights it has met in bits
/// r0, r1, …; at every slot that rank selects the compact vector, and the keep bit is added to it.
final class Spreader {

    private static final int ROWS = SlicedLayout.ROWS;

    private static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;
    private static final int BLOCK = Species.BYTES.length();

    /// From the mask of signs to that of keeps.
    private static final int KEPT = Masks.at(1);

    private Spreader() {}

    static ByteVector load(byte[] planes, int at) {
        return ByteVector.fromArray(Species.BYTES, planes, at);
    }

    /// Per bit, `zero` or `one`, as `which` says.
    private static ByteVector select(ByteVector which, ByteVector zero, ByteVector one) {
        return zero.lanewise(XOR, zero.lanewise(XOR, one).and(which));
    }

    /// The same where `zero ^ one` is at hand.
    private static ByteVector choose(ByteVector which, ByteVector zero, ByteVector difference) {
        return zero.lanewise(XOR, difference.and(which));
    }

    /// Bit by bit one of eight compact vectors, as the rank says. They come in pairs: the first, and what
    /// changes it into the second.
    private static ByteVector ofEight(
            ByteVector r0,
            ByteVector r1,
            ByteVector r2,
            ByteVector s0,
            ByteVector d0,
            ByteVector s2,
            ByteVector d2,
            ByteVector s4,
            ByteVector d4,
            ByteVector s6,
            ByteVector d6) {
        ByteVector lower = select(r1, choose(r0, s0, d0), choose(r0, s2, d2));
        ByteVector upper = select(r1, choose(r0, s4, d4), choose(r0, s6, d6));
        return select(r2, lower, upper);
    }

    static ByteVector load(MemorySegment planes, long at) {
        return ByteVector.fromMemorySegment(Species.BYTES, planes, at, LE);
    }

    /// Where compact vector `r` of `n` begins; the last one again beyond them, where no rank of a kept weight
    /// leads.
    static int compact(int at, int r, int n) {
        return at + Math.min(r, n - 1) * ROWS;
    }

    static long compact(long at, int r, int n) {
        return at + Math.min(r, n - 1) * (long) ROWS;
    }

    /// Whether a subblock has nothing but signs and keeps, and few enough of them for [#signsAndKeeps].
    static boolean takes(PackedFormat format, Subblock subblock) {
        return MaskRules.simple(format) && subblock.kept() <= 8;
    }

    /// Writes the masks of a subblock that it takes: mask 0 = kept and sign 1, mask 1 = kept. Slot `k` goes to
    /// [Masks#SLOT] `* k` behind `to`.
    static void signsAndKeeps(MemorySegment planes, long unit, Subblock subblock, byte[] masks, int to) {
        long signs = unit + subblock.signs();
        long keeps = unit + subblock.keeps();
        for (int row = 0; row < ROWS; row += BLOCK) {
            upTo8(planes, signs + row, keeps + row, subblock.kept(), subblock.slots(), masks, to + row);
        }
    }

    /// The sign is a polynomial of the rank's bits, its coefficients made of the compact vectors beforehand.
    /// The loop calls nothing but the vector library.
    private static void upTo8(MemorySegment planes, long signs, long keeps, int n, int slots, byte[] masks, int to) {
        ByteVector c0 = load(planes, signs);
        ByteVector c1 = load(planes, compact(signs, 1, n));
        ByteVector c2 = load(planes, compact(signs, 2, n));
        ByteVector c3 = load(planes, compact(signs, 3, n)).lanewise(XOR, c2);
        ByteVector c4 = load(planes, compact(signs, 4, n));
        ByteVector c5 = load(planes, compact(signs, 5, n));
        ByteVector c6 = load(planes, compact(signs, 6, n));
        ByteVector c7 = load(planes, compact(signs, 7, n)).lanewise(XOR, c6);
        c1 = c1.lanewise(XOR, c0);
        c5 = c5.lanewise(XOR, c4);
        c7 = c7.lanewise(XOR, c5);
        c6 = c6.lanewise(XOR, c4);
        c3 = c3.lanewise(XOR, c1);
        c2 = c2.lanewise(XOR, c0);
        c4 = c4.lanewise(XOR, c0);
        c5 = c5.lanewise(XOR, c1);
        c6 = c6.lanewise(XOR, c2);
        c7 = c7.lanewise(XOR, c3);
        ByteVector r0 = ByteVector.zero(Species.BYTES);
        ByteVector r1 = r0;
        ByteVector r2 = r0;
        for (int slot = 0; slot < slots; slot++) {
            ByteVector keep = ByteVector.fromMemorySegment(Species.BYTES, planes, keeps + (long) slot * ROWS, LE);
            ByteVector s01 = c0.lanewise(XOR, c1.and(r0));
            ByteVector s23 = c2.lanewise(XOR, c3.and(r0));
            ByteVector s45 = c4.lanewise(XOR, c5.and(r0));
            ByteVector s67 = c6.lanewise(XOR, c7.and(r0));
            ByteVector lower = s01.lanewise(XOR, s23.and(r1));
            ByteVector upper = s45.lanewise(XOR, s67.and(r1));
            lower.lanewise(XOR, upper.and(r2)).and(keep).intoArray(masks, to + slot * Masks.SLOT);
            keep.intoArray(masks, to + slot * Masks.SLOT + KEPT);
            ByteVector carry = r0.and(keep);
            r0 = r0.lanewise(XOR, keep);
            r2 = r2.lanewise(XOR, r1.and(carry));
            r1 = r1.lanewise(XOR, carry);
        }
    }

    /// Spreads one compact plane of any number of kept weights, all in arrays: slot `k` goes to `to + k * 64`.
    /// The keep plane has 64 bytes a slot at `keeps`.
    static void spread(byte[] planes, int at, int n, int slots, byte[] keep, int keeps, byte[] out, int to) {
        for (int first = 0; first < n; first += 8) {
            for (int row = 0; row < ROWS; row += BLOCK) {
                spread8(planes, at + row, first, n, slots, keep, keeps + row, out, to + row);
            }
        }
    }

    /// The kept weights of ranks `first` to `first + 7`; adds to what a former call has written unless `first`
    /// is 0.
    private static void spread8(
            byte[] planes, int at, int first, int n, int slots, byte[] keep, int keeps, byte[] out, int to) {
        byte notFirst = (byte) (first == 0 ? 0 : -1);
        ByteVector s0 = load(planes, compact(at, first, n));
        ByteVector d0 = load(planes, compact(at, first + 1, n)).lanewise(XOR, s0);
        ByteVector s2 = load(planes, compact(at, first + 2, n));
        ByteVector d2 = load(planes, compact(at, first + 3, n)).lanewise(XOR, s2);
        ByteVector s4 = load(planes, compact(at, first + 4, n));
        ByteVector d4 = load(planes, compact(at, first + 5, n)).lanewise(XOR, s4);
        ByteVector s6 = load(planes, compact(at, first + 6, n));
        ByteVector d6 = load(planes, compact(at, first + 7, n)).lanewise(XOR, s6);
        ByteVector r0 = ByteVector.zero(Species.BYTES);
        ByteVector r1 = r0;
        ByteVector r2 = r0;
        ByteVector outside = r0.lanewise(XOR, notFirst);
        for (int slot = 0; slot < slots; slot++) {
            ByteVector k = load(keep, keeps + slot * ROWS);
            ByteVector bit = ofEight(r0, r1, r2, s0, d0, s2, d2, s4, d4, s6, d6).and(k);
            ByteVector before = load(out, to + slot * ROWS).and(notFirst);
            bit.lanewise(AND_NOT, outside).or(before).intoArray(out, to + slot * ROWS);
            ByteVector carry = r0.and(k);
            r0 = r0.lanewise(XOR, k);
            ByteVector carry2 = r1.and(carry);
            r1 = r1.lanewise(XOR, carry);
            outside = outside.lanewise(XOR, r2.and(carry2));
            r2 = r2.lanewise(XOR, carry2);
        }
    }
}
