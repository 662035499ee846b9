package dev.pbs2p.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.api.Test;

class VectorMathTest {

    private static float exp(float x) {
        return VectorMath.exp(FloatVector.broadcast(Species.FLOATS, x)).lane(Species.FLOATS.length() - 1);
    }

    @Test
    void expIsWithinItsStatedError() {
        float[] x = new float[Species.FLOATS.length()];
        float[] y = new float[x.length];
        for (int i = 0; i < 175_000; i += x.length) {
            for (int j = 0; j < x.length; j++) {
                x[j] = Math.min(88, -87 + (i + j) * 0.001f);
            }
            VectorMath.exp(FloatVector.fromArray(Species.FLOATS, x, 0)).intoArray(y, 0);
            for (int j = 0; j < x.length; j++) {
                double exact = Math.exp(x[j]);
                assertTrue(Math.abs(y[j] - exact) <= 3e-7 * exact, "exp(" + x[j] + ")");
            }
        }
    }

    @Test
    void expBeyondItsRangeIsTheNearerEnd() {
        assertEquals(exp(-87), exp(Float.NEGATIVE_INFINITY));
        assertEquals(exp(88), exp(1e30f));
        assertEquals(1, exp(0));
        assertTrue(Float.isNaN(exp(Float.NaN)));
    }

    /// Before the compiler has seen it, and after.
    @Test
    void sumTakesTheSameOrderAlways() {
        Random random = new Random(1);
        float[] x = new float[Species.FLOATS.length()];
        float[] fold = new float[x.length];
        for (int i = 0; i < 50_000; i++) {
            for (int j = 0; j < x.length; j++) {
                x[j] = (float) random.nextGaussian();
                fold[j] = x[j];
            }
            for (int half = x.length / 2; half > 0; half /= 2) {
                for (int j = 0; j < half; j++) {
                    fold[j] += fold[j + half];
                }
            }
            assertEquals(fold[0], VectorMath.sum(FloatVector.fromArray(Species.FLOATS, x, 0)));
        }
    }
}
