package dev.pbs2p.kernel;

import static jdk.incubator.vector.VectorOperators.AND_NOT;
import static jdk.incubator.vector.VectorOperators.XOR;

import dev.pbs2p.format.SlicedLayout;
import dev.pbs2p.format.SlicedLayout.Subblock;
import dev.pbs2p.tensor.PackedFormat;
import jdk.incubator.vector.ByteVector;

/// Spreads compact planes: the bit of the r-th kept weight of an N:M group goes to the slot of that weight.
///
/// All of it is bitwise logic on whole vectors. Each bit position counts the kept weights it has met in bits r0, r1, …;
/// at every slot that rank selects the compact vector, and the keep bit is added to it.
final class Spreader {

    private static final int ROWS = SlicedLayout.ROWS;

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

    /// Bit by bit one of eight compact vectors, as the rank says. They come in pairs: the first, and what changes
    /// it into the second.
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

    /// Where compact vector `r` of `n` begins; the last one again beyond them, where no rank of a kept weight leads.
    static int compact(int at, int r, int n) {
        return at + Math.min(r, n - 1) * ROWS;
    }

    /// Whether a subblock has nothing but signs and keeps, and few enough of them for [#signsAndKeeps].
    static boolean takes(PackedFormat format, Subblock subblock) {
        return format.segments() == 1 && !format.dense() && !format.salient() && subblock.kept() <= 8;
    }

    /// Writes sign and keep masks of one segment, at most 8 kept of each N:M group: mask 0 = kept and sign 1, mask 1 =
    /// kept. The compact signs begin at 0, the keep plane at `keeps`; slot `k` goes to
    /// [Masks#SLOT] `* k` behind `to`.
    static void signsAndKeeps(byte[] planes, int keeps, int n, int slots, byte[] masks, int to) {
        for (int row = 0; row < ROWS; row += BLOCK) {
            if (n <= 4) {
                upTo4(planes, row, keeps + row, n, slots, masks, to + row);
            } else {
                upTo8(planes, row, keeps + row, n, slots, masks, to + row);
            }
        }
    }

    private static void upTo4(byte[] planes, int at, int keeps, int n, int slots, byte[] masks, int to) {
        ByteVector s0 = load(planes, at);
        ByteVector d0 = load(planes, compact(at, 1, n)).lanewise(XOR, s0);
        ByteVector s2 = load(planes, compact(at, 2, n));
        ByteVector d2 = load(planes, compact(at, 3, n)).lanewise(XOR, s2);
        ByteVector r0 = ByteVector.zero(Species.BYTES);
        ByteVector r1 = r0;
        for (int slot = 0; slot < slots; slot++) {
            ByteVector keep = load(planes, keeps + slot * ROWS);
            ByteVector sign = select(r1, choose(r0, s0, d0), choose(r0, s2, d2)).and(keep);
            put(sign, keep, masks, to + slot * Masks.SLOT);
            r1 = r1.lanewise(XOR, r0.and(keep));
            r0 = r0.lanewise(XOR, keep);
        }
    }

    private static void upTo8(byte[] planes, int at, int keeps, int n, int slots, byte[] masks, int to) {
        ByteVector s0 = load(planes, at);
        ByteVector d0 = load(planes, compact(at, 1, n)).lanewise(XOR, s0);
        ByteVector s2 = load(planes, compact(at, 2, n));
        ByteVector d2 = load(planes, compact(at, 3, n)).lanewise(XOR, s2);
        ByteVector s4 = load(planes, compact(at, 4, n));
        ByteVector d4 = load(planes, compact(at, 5, n)).lanewise(XOR, s4);
        ByteVector s6 = load(planes, compact(at, 6, n));
        ByteVector d6 = load(planes, compact(at, 7, n)).lanewise(XOR, s6);
        ByteVector r0 = ByteVector.zero(Species.BYTES);
        ByteVector r1 = r0;
        ByteVector r2 = r0;
        for (int slot = 0; slot < slots; slot++) {
            ByteVector keep = load(planes, keeps + slot * ROWS);
            ByteVector sign =
                    ofEight(r0, r1, r2, s0, d0, s2, d2, s4, d4, s6, d6).and(keep);
            put(sign, keep, masks, to + slot * Masks.SLOT);
            ByteVector carry = r0.and(keep);
            r0 = r0.lanewise(XOR, keep);
            r2 = r2.lanewise(XOR, r1.and(carry));
            r1 = r1.lanewise(XOR, carry);
        }
    }

    private static void put(ByteVector sign, ByteVector keep, byte[] masks, int to) {
        sign.intoArray(masks, to);
        keep.intoArray(masks, to + KEPT);
    }

    /// Spreads one compact plane of any number of kept weights, all in arrays: slot `k` goes to `to + k * 64`. The keep
    /// plane has 64 bytes a slot at `keeps`.
    static void spread(byte[] planes, int at, int n, int slots, byte[] keep, int keeps, byte[] out, int to) {
        for (int first = 0; first < n; first += 8) {
            for (int row = 0; row < ROWS; row += BLOCK) {
                spread8(planes, at + row, first, n, slots, keep, keeps + row, out, to + row);
            }
        }
    }

    /// The kept weights of ranks `first` to `first + 7`; adds to what a former call has written unless `first` is 0.
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
