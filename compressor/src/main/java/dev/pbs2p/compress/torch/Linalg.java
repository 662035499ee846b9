package dev.pbs2p.compress.torch;

import java.util.stream.IntStream;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.openblas.global.openblas;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/// Dense linear algebra on row-major arrays of the Java heap, computed by LibTorch. Arguments are not changed unless
/// said so.
public final class Linalg {

    /// Rows that are multiplied at once where a whole product would take much memory.
    private static final int STRIP = 1024;

    private Linalg() {}

    /// The upper triangular U with Hd⁻¹ = UᵀU, where Hd = H + percdamp · mean(diagonal) · I (algorithm.md section 2).
    /// Computed in float64, in one native d × d matrix.
    ///
    /// @param h d × d, symmetric
    /// @throws ArithmeticException if Hd is not positive definite
    public static float[] upperFactor(float[] h, int d, double percdamp) {
        double damping = 0;
        for (int i = 0; i < d; i++) {
            damping += percdamp * h[i * (d + 1)] / d;
        }
        // With J reversing the order of the columns and J·Hd·J = L·Lᵀ, R = J·L·J is upper triangular and Hd = R·Rᵀ, so
        // U = R⁻¹ = J·L⁻¹·J: one factorisation, and the inverse of Hd is never formed. Reversing rows and columns is
        // reversing the elements; the lower triangle of rows is LAPACK's upper one of columns.
        try (DoublePointer matrix = new DoublePointer((long) d * d)) {
            putReversed(h, d, damping, matrix);
            Native.expect((long) d * d * d);
            int failed = openblas.LAPACKE_dpotrf(openblas.LAPACK_COL_MAJOR, (byte) 'U', d, matrix, d);
            failed += failed == 0
                    ? openblas.LAPACKE_dtrtri(openblas.LAPACK_COL_MAJOR, (byte) 'U', (byte) 'N', d, matrix, d)
                    : 0;
            float[] upper = getReversed(matrix, d);
            // LAPACK calls a matrix with NaN factorised.
            if (failed != 0 || !isFinite(upper)) {
                throw new ArithmeticException("a Hessian of " + d + " columns is not positive definite with damping "
                        + percdamp + " of its mean diagonal");
            }
            return upper;
        }
    }

    private static void putReversed(float[] h, int d, double damping, DoublePointer out) {
        double[] row = new double[d];
        for (int i = 0; i < d; i++) {
            for (int j = 0; j < d; j++) {
                row[d - 1 - j] = h[i * d + j];
            }
            row[d - 1 - i] += damping;
            out.position((long) (d - 1 - i) * d).put(row);
        }
        out.position(0);
    }

    /// The lower triangle, as an upper one.
    private static float[] getReversed(DoublePointer in, int d) {
        float[] upper = new float[d * d];
        double[] row = new double[d];
        for (int i = 0; i < d; i++) {
            in.position((long) (d - 1 - i) * d).get(row);
            for (int j = i; j < d; j++) {
                upper[i * d + j] = (float) row[d - 1 - j];
            }
        }
        in.position(0);
        return upper;
    }

    private static boolean isFinite(float[] values) {
        float sum = 0;
        for (float value : values) {
            sum += value * 0;
        }
        return sum == 0;
    }

    /// W[:, from:] −= Err · U[uRow : uRow + inner, from:], in place.
    ///
    /// @param w rows × cols, changed
    /// @param err rows × inner
    /// @param u its rows have d = cols values
    public static void subtractProduct(
            float[] w, int rows, int cols, int from, float[] err, int inner, float[] u, int uRow, int d) {
        int width = cols - from;
        float[] product = new float[Math.min(STRIP, rows) * width];
        try (PointerScope _ = new PointerScope()) {
            Tensor right = Native.slice(u, uRow * d, inner * d, inner, d).narrow(1, from, width);
            for (int first = 0; first < rows; first += STRIP) {
                int count = Math.min(STRIP, rows - first);
                try (PointerScope _ = new PointerScope()) {
                    Native.expect((long) count * inner * width);
                    Tensor left = Native.slice(err, first * inner, count * inner, count, inner);
                    Native.floats(torch.mm(left, right), product);
                }
                subtract(w, first, count, cols, from, product);
            }
        }
    }

    private static void subtract(float[] w, int first, int count, int cols, int from, float[] product) {
        int width = cols - from;
        IntStream.range(0, count).parallel().forEach(row -> {
            int to = (first + row) * cols + from;
            int at = row * width;
            for (int i = 0; i < width; i++) {
                w[to + i] -= product[at + i];
            }
        });
    }

    /// (n × k)·(k × m).
    public static float[] multiply(float[] a, int n, int k, float[] b, int m) {
        try (PointerScope _ = new PointerScope()) {
            Native.expect((long) n * k * m);
            return Native.floats(torch.mm(Native.tensor(a, n, k), Native.tensor(b, k, m)));
        }
    }

    /// The X (rows × b) with X·U = E. Computed in float64.
    ///
    /// @param e rows × b
    /// @param u b × b, upper triangular
    public static float[] solveUpper(float[] e, int rows, float[] u, int b) {
        try (PointerScope _ = new PointerScope()) {
            Native.expect((long) rows * b * b);
            Tensor right = Native.tensor(e, rows, b).to(torch.ScalarType.Double);
            Tensor upper = Native.tensor(u, b, b).to(torch.ScalarType.Double);
            Tensor x = torch.linalg_solve_triangular(upper, right, true, false, false);
            return Native.floats(x.to(torch.ScalarType.Float));
        }
    }

    /// tr(R·H·Rᵀ): the squared output error of the weight difference R on the inputs that made H.
    ///
    /// @param r rows × d
    /// @param h d × d, symmetric
    public static double quadratic(float[] r, int rows, int d, float[] h) {
        double sum = 0;
        try (PointerScope _ = new PointerScope()) {
            Tensor left = Native.tensor(r, rows, d);
            for (int from = 0; from < d; from += STRIP) {
                int count = Math.min(STRIP, d - from);
                try (PointerScope _ = new PointerScope()) {
                    Native.expect((long) rows * d * count);
                    Tensor strip =
                            Native.slice(h, from * d, count * d, count, d).t();
                    Tensor own = left.narrow(1, from, count);
                    // What lies above the diagonal blocks counts twice, for what lies below them.
                    Tensor product = torch.mm(left.narrow(1, 0, from), strip.narrow(0, 0, from))
                            .mul_(new Scalar(2.0))
                            .add_(torch.mm(own, strip.narrow(0, from, count)))
                            .mul_(own);
                    sum += product.sum(new ScalarTypeOptional(torch.ScalarType.Double))
                            .item_double();
                }
            }
        }
        return sum;
    }
}
