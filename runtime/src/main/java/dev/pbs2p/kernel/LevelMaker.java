package dev.pbs2p.kernel;

import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.LSHL;

import dev.pbs2p.format.SlicedLayout;
import dev.pbs2p.tensor.PackedFormat;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;

/// The factors that turn the sums of a group's masks into its integer result, 64 shorts a sum in [RowOrder].
///
/// With lo_s = mu_s - alpha_s: result = Σ_s 2 alpha_s · sum(P_s) + lo_s · sum(K_s), and for salient columns
/// 2 alpha1 · sum(P) + 2 alpha2 · sum(Q) + (mu - alpha1 - alpha2) · sum(K). When nothing is pruned, sum(K_0) = total of
/// all activations less the other sums (K_s), so lo_0 multiplies the total and lo_s - lo_0 the others.
///
/// Order: ordinary masks, salient masks, then if nothing is pruned the total of ordinary and of salient activations.
final class LevelMaker {

    private static final int ROWS = SlicedLayout.ROWS;

    /// Four segments and salient columns, free levels.
    static final int MOST_PARAMETERS = 2 * 4 + 3;

    private final short[] factors = new short[Masks.MOST * ROWS];
    private final float[] floats = new float[Masks.MOST * ROWS];
    private final short[] params = new short[MOST_PARAMETERS * ROWS];

    short[] factors() {
        return factors;
    }

    /// The same as floats, each vector's lower shorts before its upper ones.
    float[] floats() {
        return floats;
    }

    /// Reads the levels stored at `at`.
    void read(PackedFormat format, MemorySegment planes, long at) {
        int segments = format.segments();
        for (int p = 0; p < format.parameters(); p++) {
            for (int i = 0; i < ROWS; i += RowOrder.BLOCK) {
                split(planes, at + (long) p * ROWS + i, p * ROWS + i);
            }
        }
        int counted = MaskRules.ordinary(format);
        int lowest = format.dense() ? MaskRules.counted(format) : 2 * segments - 1;
        for (int s = 0; s < segments; s++) {
            twice(s, s);
        }
        low(format, 0, lowest);
        for (int s = 1; s < segments; s++) {
            low(format, s, segments + s - 1);
            if (format.dense()) {
                subtract(segments + s - 1, lowest);
            }
        }
        if (format.salient()) {
            int first = format.symmetric() ? segments : 2 * segments;
            twice(first, counted);
            twice(first + 1, counted + 1);
            salientLow(format, first, format.dense() ? lowest + 1 : counted + 2);
        }
        int length = Species.SHORTS.length();
        for (int k = 0; k < MaskRules.sums(format) * ROWS; k += length) {
            IntVector pairs = ShortVector.fromArray(Species.SHORTS, factors, k).reinterpretAsInts();
            SumFold.low(pairs).intoArray(floats, k);
            SumFold.high(pairs).intoArray(floats, k + length / 2);
        }
    }

    /// Sign-extends a vector of bytes, even rows before odd ones.
    private void split(MemorySegment planes, long from, int to) {
        ShortVector pairs = ByteVector.fromMemorySegment(Species.BYTES, planes, from, ByteOrder.LITTLE_ENDIAN)
                .reinterpretAsShorts();
        pairs.lanewise(LSHL, 8).lanewise(ASHR, 8).intoArray(params, to);
        pairs.lanewise(ASHR, 8).intoArray(params, to + RowOrder.BLOCK / 2);
    }

    private ShortVector param(int p, int i) {
        return ShortVector.fromArray(Species.SHORTS, params, p * ROWS + i);
    }

    private void twice(int param, int sum) {
        for (int i = 0; i < ROWS; i += Species.SHORTS.length()) {
            ShortVector v = param(param, i);
            v.add(v).intoArray(factors, sum * ROWS + i);
        }
    }

    private void low(PackedFormat format, int segment, int sum) {
        for (int i = 0; i < ROWS; i += Species.SHORTS.length()) {
            if (format.symmetric()) {
                param(segment, i).neg().intoArray(factors, sum * ROWS + i);
            } else {
                param(format.segments() + segment, i).sub(param(segment, i)).intoArray(factors, sum * ROWS + i);
            }
        }
    }

    private void salientLow(PackedFormat format, int first, int sum) {
        for (int i = 0; i < ROWS; i += Species.SHORTS.length()) {
            ShortVector both = param(first, i).add(param(first + 1, i));
            if (format.symmetric()) {
                both.neg().intoArray(factors, sum * ROWS + i);
            } else {
                param(first + 2, i).sub(both).intoArray(factors, sum * ROWS + i);
            }
        }
    }

    private void subtract(int sum, int other) {
        for (int i = 0; i < ROWS; i += Species.SHORTS.length()) {
            ShortVector.fromArray(Species.SHORTS, factors, sum * ROWS + i)
                    .sub(ShortVector.fromArray(Species.SHORTS, factors, other * ROWS + i))
                    .intoArray(factors, sum * ROWS + i);
        }
    }
}
