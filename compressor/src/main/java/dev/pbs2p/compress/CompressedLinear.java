package dev.pbs2p.compress;

import dev.pbs2p.compress.torch.Linalg;
import dev.pbs2p.format.Packing;
import dev.pbs2p.tensor.Codes;
import dev.pbs2p.tensor.PackedFormat;
import dev.pbs2p.tensor.PackedMatrix;

/// One linear as it was compressed, and what that cost.
final class CompressedLinear {

    private final PackedMatrix packed;
    private final float[] dense;
    private final CompressReport.Linear report;

    private CompressedLinear(PackedMatrix packed, float[] dense, CompressReport.Linear report) {
        this.packed = packed;
        this.dense = dense;
        this.report = report;
    }

    static CompressedLinear of(
            String name, float[] weight, int rows, int cols, Hessian hessian, PackedFormat format, Preset preset) {
        long start = System.nanoTime();
        Codes codes = preset.compress(weight, rows, cols, hessian, format);
        float[] dense = codes.toFloats();
        double error = relativeError(weight, dense, rows, cols, hessian);
        PackedMatrix packed = Packing.pack(codes);
        double seconds = (System.nanoTime() - start) / 1e9;
        return new CompressedLinear(packed, dense, report(name, packed, error, seconds));
    }

    PackedMatrix packed() {
        return packed;
    }

    /// The compressed weights as real numbers, rows × cols.
    float[] dense() {
        return dense;
    }

    CompressReport.Linear report() {
        return report;
    }

    static CompressReport.Linear report(String name, PackedMatrix packed, double error, double seconds) {
        return new CompressReport.Linear(
                name,
                packed.rows(),
                packed.cols(),
                packed.format().pattern(),
                (double) packed.salientColumns() / packed.cols(),
                error,
                packed.nominalBits(),
                packed.realBits(),
                packed.bytes(),
                seconds);
    }

    /// ‖(W − Ŵ)X‖² / ‖WX‖² = tr(RHRᵀ) / tr(WHWᵀ); 0 for a linear whose output is always 0.
    static double relativeError(float[] weight, float[] compressed, int rows, int cols, Hessian hessian) {
        float[] live = new float[weight.length];
        float[] residual = new float[weight.length];
        for (int i = 0; i < weight.length; i++) {
            // The Hessian has a 1 on the diagonal where the inputs are 0, which is no output.
            if (!hessian.dead()[i % cols]) {
                live[i] = weight[i];
                residual[i] = weight[i] - compressed[i];
            }
        }
        double output = Linalg.quadratic(live, rows, cols, hessian.matrix());
        return output == 0 ? 0 : Linalg.quadratic(residual, rows, cols, hessian.matrix()) / output;
    }
}
