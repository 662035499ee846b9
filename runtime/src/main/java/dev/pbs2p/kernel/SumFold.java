package dev.pbs2p.kernel;

import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.XOR;

import dev.pbs2p.tensor.PackedFormat;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.Arrays;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorSpecies;

/// From the sums of a unit's masks to its products: times the factors of its levels ([LevelMaker]) and the
/// scale of the activations. Rows are in [RowOrder].
///
/// The products are integers whose magnitudes add up to less than 2^24 over a run (128 · 127 · 1016 at most):
/// float arithmetic on them is exact in any order.
final class SumFold {

    private static final int ROWS = Masks.ROWS;
    private static final VectorSpecies<Byte> BYTES = Species.BYTES;
    private static final VectorSpecies<Short> SHORTS = Species.SHORTS;
    private static final VectorSpecies<Float> FLOATS = Species.FLOATS;
    private static final int LENGTH = FLOATS.length();
    private static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;

    /// The bits of 2^23: an integer below it put into the lower bits of that float is added to it.
    private static final int MAGIC = 0x4b000000;
    /// What a sum is too large by then.
    private static final float SUM_BIAS = 0x1p23f + SubsetSums.BIAS;
    /// What a level is too large by whose sign bit was turned over.
    private static final float LEVEL_BIAS = 0x1p23f + 128;

    private SumFold() {}

    /// Fills in the sums that all rows of a unit share, behind those that were counted for row `row` of the activations
    /// at `sums[from]`, and adds all of them, times their factors, to the floats at `total[at]`.
    static void all(
            PackedFormat format,
            QuantizedRows quantized,
            int row,
            int piece,
            float scale,
            short[] sums,
            int from,
            float[] factors,
            float[] total,
            int at) {
        if (format.dense()) {
            int counted = from + MaskRules.counted(format) * ROWS;
            Arrays.fill(sums, counted, counted + ROWS, quantized.total(row, piece));
            if (format.salient()) {
                Arrays.fill(sums, counted + ROWS, counted + 2 * ROWS, quantized.salientTotal(row, piece));
            }
        }
        all(MaskRules.sums(format), sums, from, factors, scale, total, at);
    }

    private static void all(int count, short[] sums, int from, float[] factors, float scale, float[] total, int at) {
        FloatVector by = FloatVector.broadcast(FLOATS, scale);
        for (int i = 0; i < ROWS; i += 2 * LENGTH) {
            FloatVector low = FloatVector.zero(FLOATS);
            FloatVector high = low;
            for (int k = i; k < count * ROWS; k += ROWS) {
                IntVector sum = ShortVector.fromArray(SHORTS, sums, from + k).reinterpretAsInts();
                FloatVector lowSum =
                        (FloatVector) sum.lanewise(LSHL, 16).lanewise(ASHR, 16).convertShape(I2F, FLOATS, 0);
                FloatVector highSum = (FloatVector) sum.lanewise(ASHR, 16).convertShape(I2F, FLOATS, 0);
                low = lowSum.fma(FloatVector.fromArray(FLOATS, factors, k), low);
                high = highSum.fma(FloatVector.fromArray(FLOATS, factors, k + LENGTH), high);
            }
            low.fma(by, FloatVector.fromArray(FLOATS, total, at + i)).intoArray(total, at + i);
            high.fma(by, FloatVector.fromArray(FLOATS, total, at + i + LENGTH)).intoArray(total, at + i + LENGTH);
        }
    }

    /// The lower short of each int.
    static FloatVector low(IntVector shorts) {
        return high(shorts.lanewise(LSHL, 16));
    }

    /// The upper short of each int.
    static FloatVector high(IntVector shorts) {
        return (FloatVector) shorts.lanewise(ASHR, 16).convertShape(I2F, FLOATS, 0);
    }

    /// The same for the two masks of one segment, with nothing left in memory: sums of single quads at
    /// `raw[from]`, as [SubsetSums] has them, and levels as stored.
    static void oneSegment(
            byte[] raw,
            int from,
            MemorySegment planes,
            long levels,
            boolean symmetric,
            float scale,
            float[] total,
            int to) {
        for (int row = 0; row < ROWS; row += RowOrder.BLOCK) {
            block(raw, from + row, planes, levels + row, symmetric, scale, total, to + row);
        }
    }

    /// The same for two segments without salient columns, of the sums that [TwoSegmentKernel] leaves, and levels as
    /// stored. With D_s = 2 P_s - K_s, Σ_s alpha_s · D_s + mu_s · K_s.
    ///
    /// @param pruned whether there is a sum of all that is kept
    /// @param all the sum of all activations, if not
    static void twoSegments(
            short[] sums,
            boolean pruned,
            short all,
            MemorySegment planes,
            long levels,
            boolean symmetric,
            float scale,
            float[] total,
            int to) {
        for (int row = 0; row < ROWS; row += RowOrder.BLOCK) {
            twoSegmentBlock(sums, row, pruned, all, planes, levels + row, symmetric, scale, total, to + row);
        }
    }

    /// One vector of rows. Sums get a bias that makes them positive until they are floats.
    private static void twoSegmentBlock(
            short[] sums,
            int from,
            boolean pruned,
            short all,
            MemorySegment planes,
            long levels,
            boolean symmetric,
            float scale,
            float[] total,
            int to) {
        int odd = RowOrder.BLOCK / 2;
        short positive = (short) SubsetSums.BIAS;
        ShortVector p1 = ShortVector.fromArray(SHORTS, sums, from + ROWS);
        ShortVector p0 = ShortVector.fromArray(SHORTS, sums, from).sub(p1);
        ShortVector one = ShortVector.fromArray(SHORTS, sums, from + 2 * ROWS);
        ShortVector zero = (pruned
                        ? ShortVector.fromArray(SHORTS, sums, from + 3 * ROWS)
                        : ShortVector.broadcast(SHORTS, all))
                .sub(one);
        IntVector d0Even = p0.add(p0).sub(zero).add(positive).reinterpretAsInts();
        IntVector k0Even = zero.add(positive).reinterpretAsInts();
        IntVector d1Even = p1.add(p1).sub(one).add(positive).reinterpretAsInts();
        IntVector k1Even = one.add(positive).reinterpretAsInts();
        p1 = ShortVector.fromArray(SHORTS, sums, from + odd + ROWS);
        p0 = ShortVector.fromArray(SHORTS, sums, from + odd).sub(p1);
        one = ShortVector.fromArray(SHORTS, sums, from + odd + 2 * ROWS);
        zero = (pruned
                        ? ShortVector.fromArray(SHORTS, sums, from + odd + 3 * ROWS)
                        : ShortVector.broadcast(SHORTS, all))
                .sub(one);
        IntVector d0Odd = p0.add(p0).sub(zero).add(positive).reinterpretAsInts();
        IntVector k0Odd = zero.add(positive).reinterpretAsInts();
        IntVector d1Odd = p1.add(p1).sub(one).add(positive).reinterpretAsInts();
        IntVector k1Odd = one.add(positive).reinterpretAsInts();
        IntVector alpha0 = ByteVector.fromMemorySegment(BYTES, planes, levels, LE)
                .lanewise(XOR, (byte) 128)
                .reinterpretAsInts();
        IntVector alpha1 = ByteVector.fromMemorySegment(BYTES, planes, levels + ROWS, LE)
                .lanewise(XOR, (byte) 128)
                .reinterpretAsInts();
        IntVector mu0 = symmetric
                ? IntVector.broadcast(Species.INTS, 0x80808080)
                : ByteVector.fromMemorySegment(BYTES, planes, levels + 2 * ROWS, LE)
                        .lanewise(XOR, (byte) 128)
                        .reinterpretAsInts();
        IntVector mu1 = symmetric
                ? mu0
                : ByteVector.fromMemorySegment(BYTES, planes, levels + 3 * ROWS, LE)
                        .lanewise(XOR, (byte) 128)
                        .reinterpretAsInts();
        FloatVector by = FloatVector.broadcast(FLOATS, scale);
        FloatVector bias = FloatVector.broadcast(FLOATS, SUM_BIAS);
        FloatVector half = FloatVector.broadcast(FLOATS, LEVEL_BIAS);
        FloatVector v0 = d0Even.and(0xffff)
                .or(MAGIC)
                .reinterpretAsFloats()
                .sub(bias)
                .mul(alpha0.and(0xff).or(MAGIC).reinterpretAsFloats().sub(half));
        v0 = k0Even.and(0xffff)
                .or(MAGIC)
                .reinterpretAsFloats()
                .sub(bias)
                .fma(mu0.and(0xff).or(MAGIC).reinterpretAsFloats().sub(half), v0);
        v0 = d1Even.and(0xffff)
                .or(MAGIC)
                .reinterpretAsFloats()
                .sub(bias)
                .fma(alpha1.and(0xff).or(MAGIC).reinterpretAsFloats().sub(half), v0);
        v0 = k1Even.and(0xffff)
                .or(MAGIC)
                .reinterpretAsFloats()
                .sub(bias)
                .fma(mu1.and(0xff).or(MAGIC).reinterpretAsFloats().sub(half), v0);
        v0.fma(by, FloatVector.fromArray(FLOATS, total, to)).intoArray(total, to);
        FloatVector v1 = d0Even.lanewise(LSHR, 16)
                .or(MAGIC)
                .reinterpretAsFloats()
                .sub(bias)
                .mul(alpha0.lanewise(LSHR, 16)
                        .and(0xff)
                        .or(MAGIC)
                        .reinterpretAsFloats()
                        .sub(half));
        v1 = k0Even.lanewise(LSHR, 16)
                .or(MAGIC)
                .reinterpretAsFloats()
                .sub(bias)
                .fma(
                        mu0.lanewise(LSHR, 16)
                                .and(0xff)
                                .or(MAGIC)
                                .reinterpretAsFloats()
                                .sub(half),
                        v1);
        v1 = d1Even.lanewise(LSHR, 16)
                .or(MAGIC)
                .reinterpretAsFloats()
                .sub(bias)
                .fma(
                        alpha1.lanewise(LSHR, 16)
                                .and(0xff)
                                .or(MAGIC)
                                .reinterpretAsFloats()
                                .sub(half),
                        v1);
        v1 = k1Even.lanewise(LSHR, 16)
                .or(MAGIC)
                .reinterpretAsFloats()
                .sub(bias)
                .fma(
                        mu1.lanewise(LSHR, 16)
                                .and(0xff)
                                .or(MAGIC)
                                .reinterpretAsFloats()
                                .sub(half),
                        v1);
        v1.fma(by, FloatVector.fromArray(FLOATS, total, to + 1 * LENGTH)).intoArray(total, to + 1 * LENGTH);
        FloatVector v2 = d0Odd.and(0xffff)
                .or(MAGIC)
                .reinterpretAsFloats()
                .sub(bias)
                .mul(alpha0.lanewise(LSHR, 8)
                        .and(0xff)
                        .or(MAGIC)
                        .reinterpretAsFloats()
                        .sub(half));
        v2 = k0Odd.and(0xffff)
                .or(MAGIC)
                .reinterpretAsFloats()
                .sub(bias)
                .fma(
                        mu0.lanewise(LSHR, 8)
                                .and(0xff)
                                .or(MAGIC)
                                .reinterpretAsFloats()
                                .sub(half),
                        v2);
        v2 = d1Odd.and(0xffff)
                .or(MAGIC)
                .reinterpretAsFloats()
                .sub(bias)
                .fma(
                        alpha1.lanewise(LSHR, 8)
                                .and(0xff)
                                .or(MAGIC)
                                .reinterpretAsFloats()
                                .sub(half),
                        v2);
        v2 = k1Odd.and(0xffff)
                .or(MAGIC)
                .reinterpretAsFloats()
                .sub(bias)
                .fma(
                        mu1.lanewise(LSHR, 8)
                                .and(0xff)
                                .or(MAGIC)
                                .reinterpretAsFloats()
                                .sub(half),
                        v2);
        v2.fma(by, FloatVector.fromArray(FLOATS, total, to + 2 * LENGTH)).intoArray(total, to + 2 * LENGTH);
        FloatVector v3 = d0Odd.lanewise(LSHR, 16)
                .or(MAGIC)
                .reinterpretAsFloats()
                .sub(bias)
                .mul(alpha0.lanewise(LSHR, 24).or(MAGIC).reinterpretAsFloats().sub(half));
        v3 = k0Odd.lanewise(LSHR, 16)
                .or(MAGIC)
                .reinterpretAsFloats()
                .sub(bias)
                .fma(mu0.lanewise(LSHR, 24).or(MAGIC).reinterpretAsFloats().sub(half), v3);
        v3 = d1Odd.lanewise(LSHR, 16)
                .or(MAGIC)
                .reinterpretAsFloats()
                .sub(bias)
                .fma(alpha1.lanewise(LSHR, 24).or(MAGIC).reinterpretAsFloats().sub(half), v3);
        v3 = k1Odd.lanewise(LSHR, 16)
                .or(MAGIC)
                .reinterpretAsFloats()
                .sub(bias)
                .fma(mu1.lanewise(LSHR, 24).or(MAGIC).reinterpretAsFloats().sub(half), v3);
        v3.fma(by, FloatVector.fromArray(FLOATS, total, to + 3 * LENGTH)).intoArray(total, to + 3 * LENGTH);
    }

    /// One vector of rows: with P the sum of mask 0 and K that of mask 1, alpha · (2P - K) + mu · K.
    ///
    /// Of four rows of an int, whose sums are a, b, c and d, the pairs of bytes add up to a + 256b and
    /// c + 256d, and one byte further on to b + 256c and d. The second times 256, taken from the first, leaves
    /// a and c in their 16 bits; 256c, taken from the second, leaves b and d. A sum keeps its bias until it is
    /// a float.
    ///
    /// All of it is written out: vectors of methods that are not inlined into a body so large become objects,
    /// and it takes twenty times as long.
    private static void block(
            byte[] raw,
            int from,
            MemorySegment planes,
            long levels,
            boolean symmetric,
            float scale,
            float[] total,
            int to) {
        ShortVector pq = ByteVector.fromArray(BYTES, raw, from).reinterpretAsShorts();
        ShortVector pPairs = pq;
        ShortVector pNext = pq.reinterpretAsInts().lanewise(LSHR, 8).reinterpretAsShorts();
        pq = ByteVector.fromArray(BYTES, raw, from + 1 * ROWS).reinterpretAsShorts();
        pPairs = pPairs.add(pq);
        pNext = pNext.add(pq.reinterpretAsInts().lanewise(LSHR, 8).reinterpretAsShorts());
        pq = ByteVector.fromArray(BYTES, raw, from + 2 * ROWS).reinterpretAsShorts();
        pPairs = pPairs.add(pq);
        pNext = pNext.add(pq.reinterpretAsInts().lanewise(LSHR, 8).reinterpretAsShorts());
        pq = ByteVector.fromArray(BYTES, raw, from + 3 * ROWS).reinterpretAsShorts();
        pPairs = pPairs.add(pq);
        pNext = pNext.add(pq.reinterpretAsInts().lanewise(LSHR, 8).reinterpretAsShorts());
        pq = ByteVector.fromArray(BYTES, raw, from + SubsetSums.RAW_H).reinterpretAsShorts();
        ShortVector pPairsH = pq;
        ShortVector pNextH = pq.reinterpretAsInts().lanewise(LSHR, 8).reinterpretAsShorts();
        pq = ByteVector.fromArray(BYTES, raw, from + SubsetSums.RAW_H + 1 * ROWS)
                .reinterpretAsShorts();
        pPairsH = pPairsH.add(pq);
        pNextH = pNextH.add(pq.reinterpretAsInts().lanewise(LSHR, 8).reinterpretAsShorts());
        pq = ByteVector.fromArray(BYTES, raw, from + SubsetSums.RAW_H + 2 * ROWS)
                .reinterpretAsShorts();
        pPairsH = pPairsH.add(pq);
        pNextH = pNextH.add(pq.reinterpretAsInts().lanewise(LSHR, 8).reinterpretAsShorts());
        pq = ByteVector.fromArray(BYTES, raw, from + SubsetSums.RAW_H + 3 * ROWS)
                .reinterpretAsShorts();
        pPairsH = pPairsH.add(pq);
        pNextH = pNextH.add(pq.reinterpretAsInts().lanewise(LSHR, 8).reinterpretAsShorts());
        pNext = pNext.add(pNextH.mul(SubsetSums.STEP));
        ShortVector pEven = pPairs.add(pPairsH.mul(SubsetSums.STEP)).sub(pNext.mul((short) 256));
        ShortVector pOdd = pNext.sub(
                pEven.reinterpretAsInts().lanewise(LSHR, 8).and(0xff00).reinterpretAsShorts());
        ShortVector kq = ByteVector.fromArray(BYTES, raw, from + SubsetSums.RAW).reinterpretAsShorts();
        ShortVector kPairs = kq;
        ShortVector kNext = kq.reinterpretAsInts().lanewise(LSHR, 8).reinterpretAsShorts();
        kq = ByteVector.fromArray(BYTES, raw, from + SubsetSums.RAW + 1 * ROWS).reinterpretAsShorts();
        kPairs = kPairs.add(kq);
        kNext = kNext.add(kq.reinterpretAsInts().lanewise(LSHR, 8).reinterpretAsShorts());
        kq = ByteVector.fromArray(BYTES, raw, from + SubsetSums.RAW + 2 * ROWS).reinterpretAsShorts();
        kPairs = kPairs.add(kq);
        kNext = kNext.add(kq.reinterpretAsInts().lanewise(LSHR, 8).reinterpretAsShorts());
        kq = ByteVector.fromArray(BYTES, raw, from + SubsetSums.RAW + 3 * ROWS).reinterpretAsShorts();
        kPairs = kPairs.add(kq);
        kNext = kNext.add(kq.reinterpretAsInts().lanewise(LSHR, 8).reinterpretAsShorts());
        kq = ByteVector.fromArray(BYTES, raw, from + SubsetSums.RAW + SubsetSums.RAW_H)
                .reinterpretAsShorts();
        ShortVector kPairsH = kq;
        ShortVector kNextH = kq.reinterpretAsInts().lanewise(LSHR, 8).reinterpretAsShorts();
        kq = ByteVector.fromArray(BYTES, raw, from + SubsetSums.RAW + SubsetSums.RAW_H + 1 * ROWS)
                .reinterpretAsShorts();
        kPairsH = kPairsH.add(kq);
        kNextH = kNextH.add(kq.reinterpretAsInts().lanewise(LSHR, 8).reinterpretAsShorts());
        kq = ByteVector.fromArray(BYTES, raw, from + SubsetSums.RAW + SubsetSums.RAW_H + 2 * ROWS)
                .reinterpretAsShorts();
        kPairsH = kPairsH.add(kq);
        kNextH = kNextH.add(kq.reinterpretAsInts().lanewise(LSHR, 8).reinterpretAsShorts());
        kq = ByteVector.fromArray(BYTES, raw, from + SubsetSums.RAW + SubsetSums.RAW_H + 3 * ROWS)
                .reinterpretAsShorts();
        kPairsH = kPairsH.add(kq);
        kNextH = kNextH.add(kq.reinterpretAsInts().lanewise(LSHR, 8).reinterpretAsShorts());
        kNext = kNext.add(kNextH.mul(SubsetSums.STEP));
        ShortVector kEven = kPairs.add(kPairsH.mul(SubsetSums.STEP)).sub(kNext.mul((short) 256));
        ShortVector kOdd = kNext.sub(
                kEven.reinterpretAsInts().lanewise(LSHR, 8).and(0xff00).reinterpretAsShorts());
        IntVector dEven = pEven.add(pEven).sub(kEven).reinterpretAsInts();
        IntVector dOdd = pOdd.add(pOdd).sub(kOdd).reinterpretAsInts();
        IntVector kEvens = kEven.reinterpretAsInts();
        IntVector kOdds = kOdd.reinterpretAsInts();
        IntVector alpha = ByteVector.fromMemorySegment(BYTES, planes, levels, LE)
                .lanewise(XOR, (byte) 128)
                .reinterpretAsInts();
        IntVector mu = symmetric
                ? IntVector.broadcast(Species.INTS, 0x80808080)
                : ByteVector.fromMemorySegment(BYTES, planes, levels + ROWS, LE)
                        .lanewise(XOR, (byte) 128)
                        .reinterpretAsInts();
        FloatVector by = FloatVector.broadcast(FLOATS, scale);
        FloatVector bias = FloatVector.broadcast(FLOATS, SUM_BIAS);
        FloatVector half = FloatVector.broadcast(FLOATS, LEVEL_BIAS);
        FloatVector v0 = dEven.and(0xffff)
                .or(MAGIC)
                .reinterpretAsFloats()
                .sub(bias)
                .mul(alpha.and(0xff).or(MAGIC).reinterpretAsFloats().sub(half));
        v0 = kEvens.and(0xffff)
                .or(MAGIC)
                .reinterpretAsFloats()
                .sub(bias)
                .fma(mu.and(0xff).or(MAGIC).reinterpretAsFloats().sub(half), v0);
        v0.fma(by, FloatVector.fromArray(FLOATS, total, to)).intoArray(total, to);
        FloatVector v1 = dEven.lanewise(LSHR, 16)
                .or(MAGIC)
                .reinterpretAsFloats()
                .sub(bias)
                .mul(alpha.lanewise(LSHR, 16)
                        .and(0xff)
                        .or(MAGIC)
                        .reinterpretAsFloats()
                        .sub(half));
        v1 = kEvens.lanewise(LSHR, 16)
                .or(MAGIC)
                .reinterpretAsFloats()
                .sub(bias)
                .fma(
                        mu.lanewise(LSHR, 16)
                                .and(0xff)
                                .or(MAGIC)
                                .reinterpretAsFloats()
                                .sub(half),
                        v1);
        v1.fma(by, FloatVector.fromArray(FLOATS, total, to + 1 * LENGTH)).intoArray(total, to + 1 * LENGTH);
        FloatVector v2 = dOdd.and(0xffff)
                .or(MAGIC)
                .reinterpretAsFloats()
                .sub(bias)
                .mul(alpha.lanewise(LSHR, 8)
                        .and(0xff)
                        .or(MAGIC)
                        .reinterpretAsFloats()
                        .sub(half));
        v2 = kOdds.and(0xffff)
                .or(MAGIC)
                .reinterpretAsFloats()
                .sub(bias)
                .fma(
                        mu.lanewise(LSHR, 8)
                                .and(0xff)
                                .or(MAGIC)
                                .reinterpretAsFloats()
                                .sub(half),
                        v2);
        v2.fma(by, FloatVector.fromArray(FLOATS, total, to + 2 * LENGTH)).intoArray(total, to + 2 * LENGTH);
        FloatVector v3 = dOdd.lanewise(LSHR, 16)
                .or(MAGIC)
                .reinterpretAsFloats()
                .sub(bias)
                .mul(alpha.lanewise(LSHR, 24).or(MAGIC).reinterpretAsFloats().sub(half));
        v3 = kOdds.lanewise(LSHR, 16)
                .or(MAGIC)
                .reinterpretAsFloats()
                .sub(bias)
                .fma(mu.lanewise(LSHR, 24).or(MAGIC).reinterpretAsFloats().sub(half), v3);
        v3.fma(by, FloatVector.fromArray(FLOATS, total, to + 3 * LENGTH)).intoArray(total, to + 3 * LENGTH);
    }
}
