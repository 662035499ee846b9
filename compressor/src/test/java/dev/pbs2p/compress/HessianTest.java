package dev.pbs2p.compress;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

final class HessianTest {

    @Test
    void deadColumnsGetAUnitDiagonal() {
        Hessian hessian = new Hessian(new float[] {4, 0, 1, 0, 0, 0, 1, 0, 2}, 3);
        assertArrayEquals(new boolean[] {false, true, false}, hessian.dead());
        assertArrayEquals(new float[] {4, 0, 1, 0, 1, 0, 1, 0, 2}, hessian.matrix());
    }

    @Test
    void dampingAddsAShareOfTheMeanDiagonal() {
        Hessian hessian = new Hessian(new float[] {4, 1, 1, 2}, 2);
        assertArrayEquals(new float[] {4.03f, 1, 1, 2.03f}, Samples.damped(hessian), 1e-6f);
        assertArrayEquals(new float[] {4, 1, 1, 2}, hessian.matrix());
        assertSame(hessian.upper(), hessian.upper());
    }

    @Test
    void moreDampingIsTriedUntilTheFactorExists() {
        // Eigenvalues 1 ± 1.05: positive definite with 10 % damping, not with 1 %.
        Hessian hessian = new Hessian(new float[] {1, 1.05f, 1.05f, 1}, 2);
        float[] u = hessian.upper();
        assertEquals(1 / Math.sqrt(1.1), u[3], 1e-6);
        assertArrayEquals(new float[] {1.1f, 1.05f, 1.05f, 1.1f}, Samples.damped(hessian), 1e-6f);
    }

    @Test
    void theLastColumnsConditionalVarianceIsItsOwnDiagonal() {
        Hessian hessian = new Hessian(new float[] {3, 1, 1, 5}, 2);
        float[] u = hessian.upper();
        assertEquals(1 / Math.sqrt(5.04), u[3], 1e-6);
        assertEquals(0, u[2]);
        assertTrue(u[0] > 0);
    }

    @Test
    void blockCutsTheUndampedMatrix() {
        Hessian hessian = new Hessian(new float[] {1, 2, 3, 2, 5, 6, 3, 6, 9}, 3);
        assertArrayEquals(new float[] {5, 6, 6, 9}, hessian.block(1, 3));
        assertArrayEquals(new float[0], hessian.block(2, 2));
        assertFalse(hessian.dead()[0]);
        assertEquals(3, hessian.size());
    }

    @Test
    void badInputIsNamed() {
        assertThrows(IllegalArgumentException.class, () -> new Hessian(new float[3], 2));
        String message = assertThrows(
                        IllegalArgumentException.class, () -> new Hessian(new float[] {1, 0, 0, Float.NaN}, 2))
                .getMessage();
        assertTrue(message.contains("column 1"), message);
    }
}
