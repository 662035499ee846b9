package dev.pbs2p.kernel;

import static jdk.incubator.vector.VectorOperators.LSHL;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorShuffle;

/// Functions of whole vectors.
final class VectorMath {

    private static final float LOG2_E = (float) (1 / Math.log(2));
    /// ln 2 in two parts; the first has so few bits that its product with a small integer is exact.
    private static final float LN2_HIGH = 355 / 512f;
    private static final float LN2_LOW = (float) (Math.log(2) - LN2_HIGH);
    /// Adding 1.5 · 2^23 rounds a small float to an integer and leaves it in the low bits.
    private static final float ROUND = 0x1.8p23f;
    /// Results stay normal floats between these.
    private static final float LOWEST = -87;
    private static final float HIGHEST = 88;

    private static final int LANES = Species.FLOATS.length();
    private static final VectorShuffle<Float> FROM_8 = lanesFrom(8);
    private static final VectorShuffle<Float> FROM_4 = lanesFrom(4);
    private static final VectorShuffle<Float> FROM_2 = lanesFrom(2);
    private static final VectorShuffle<Float> FROM_1 = lanesFrom(1);

    private VectorMath() {}

    private static VectorShuffle<Float> lanesFrom(int lane) {
        return VectorShuffle.iota(Species.FLOATS, lane, 1, true);
    }

    /// The sum of the lanes of a full vector, its upper half added to its lower half until one lane is left.
    ///
    /// The library's own sum takes one order before it is compiled and another one after: results would differ
    /// from run to run.
    static float sum(FloatVector x) {
        FloatVector sum = x;
        if (LANES > 8) {
            sum = sum.add(sum.rearrange(FROM_8));
        }
        if (LANES > 4) {
            sum = sum.add(sum.rearrange(FROM_4));
        }
        sum = sum.add(sum.rearrange(FROM_2));
        return sum.add(sum.rearrange(FROM_1)).lane(0);
    }

    /// The exponential, to a relative error of 3e-7, between -87 and 88; beyond them the value at the nearer end.
    ///
    /// With x = n ln 2 + r, it is 2^n times the Taylor series of e^r up to r^7 / 7!, which leaves out 6e-9 at most.
    static FloatVector exp(FloatVector x) {
        FloatVector clamped = x.min(HIGHEST).max(LOWEST);
        FloatVector shifted = clamped.mul(LOG2_E).add(ROUND);
        FloatVector n = shifted.sub(ROUND);
        FloatVector r = n.mul(-LN2_HIGH).add(clamped);
        r = n.mul(-LN2_LOW).add(r);
        FloatVector sum = r.mul(1 / 5040f).add(1 / 720f);
        sum = sum.mul(r).add(1 / 120f);
        sum = sum.mul(r).add(1 / 24f);
        sum = sum.mul(r).add(1 / 6f);
        sum = sum.mul(r).add(1 / 2f);
        sum = sum.mul(r).add(1f);
        sum = sum.mul(r).add(1f);
        // n sits in the low bits of `shifted`; adding it to the exponent multiplies by 2^n.
        IntVector exponent = shifted.reinterpretAsInts().lanewise(LSHL, 23);
        return sum.reinterpretAsInts().add(exponent).reinterpretAsFloats();
    }
}
