package dev.pbs2p.compress.torch;

import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.T_TensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/// Dense linear algebra on row-major arrays of the Java heap, computed by LibTorch. Arguments are not changed unless
/// said so.
public final class Linalg {

    private Linalg() {}

    /// The upper triangular U with Hd⁻¹ = UᵀU, where Hd = H + percdamp · mean(diagonal) · I (algorithm.md section 2).
    /// Computed in float64.
    ///
    /// @param h d × d, symmetric
    /// @throws ArithmeticException if Hd is not positive definite
    public static float[] upperFactor(float[] h, int d, double percdamp) {
        try (PointerScope _ = new PointerScope()) {
            Native.expect((long) d * d * d);
            Tensor matrix = Native.tensor(h, d, d).to(torch.ScalarType.Double);
            Tensor diagonal = matrix.diagonal();
            double damping = percdamp * diagonal.mean().item_double();
            // With J reversing the order of the columns and J·Hd·J = L·Lᵀ, R = J·L·J is upper triangular and
            // Hd = R·Rᵀ, so U = R⁻¹: one factorisation, and the inverse of Hd is never formed.
            Tensor reversed = matrix.flip(0, 1);
            reversed.diagonal().add_(new Scalar(damping));
            T_TensorTensor_T factor = torch.linalg_cholesky_ex(reversed);
            // LAPACK calls a matrix with NaN factorised.
            if (factor.get1().item_int() != 0 || !factor.get0().isfinite().all().item_bool()) {
                throw new ArithmeticException("a Hessian of " + d + " columns is not positive definite with damping "
                        + percdamp + " of its mean diagonal");
            }
            Tensor upper = factor.get0().flip(0, 1);
            Tensor inverse = torch.linalg_solve_triangular(upper, torch.eye(d).to(torch.ScalarType.Double), true);
            return Native.floats(inverse.to(torch.ScalarType.Float));
        }
    }

    /// W[:, from:] −= Err · U[uRow : uRow + inner, from:], in place.
    ///
    /// @param w rows × cols, changed
    /// @param err rows × inner
    /// @param u its rows have d = cols values
    public static void subtractProduct(
            float[] w, int rows, int cols, int from, float[] err, int inner, float[] u, int uRow, int d) {
        int width = cols - from;
        float[] product;
        try (PointerScope _ = new PointerScope()) {
            Native.expect((long) rows * inner * width);
            Tensor right = Native.slice(u, uRow * d, inner * d, inner, d).narrow(1, from, width);
            product = Native.floats(torch.mm(Native.tensor(err, rows, inner), right));
        }
        IntStream.range(0, rows).parallel().forEach(row -> {
            int to = row * cols + from;
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
    /// @param h d × d
    public static double quadratic(float[] r, int rows, int d, float[] h) {
        try (PointerScope _ = new PointerScope()) {
            Native.expect((long) rows * d * d);
            Tensor left = Native.tensor(r, rows, d);
            Tensor product = torch.mm(left, Native.tensor(h, d, d)).mul(left);
            return product.sum(new ScalarTypeOptional(torch.ScalarType.Double)).item_double();
        }
    }
}
