package dev.pbs2p.compress;

import dev.pbs2p.compress.torch.Linalg;
import dev.pbs2p.format.Packing;
import dev.pbs2p.tensor.Codes;
import dev.pbs2p.tensor.PackedFormat;
import dev.pbs2p.tensor.PackedMatrix;

/// One linear as it was compressed, and what that cost.
final class CompressedLinear {

    private final Codes codes;
    private final PackedMatrix packed;
    private final CompressReport.Linear report;

    private CompressedLinear(Codes codes, PackedMatrix packed, CompressReport.Linear report) {
        this.codes = codes;
        this.packed = packed;
        this.report = report;
    }

    /// Compresses one linear.
    ///
    /// @param weight rows × cols, overwritten
    static CompressedLinear of(
            String name, float[] weight, int rows, int cols, Hessian hessian, PackedFormat format, Preset preset) {
        long start = System.nanoTime();
        Codes codes = preset.compress(weight, rows, cols, hessian, format);
        double error = relativeError(weight, codes, hessian);
        PackedMatrix packed = Packing.pack(codes);
        double seconds = (System.nanoTime() - start) / 1e9;
        return new CompressedLinear(codes, packed, report(name, packed, error, seconds));
    }

    PackedMatrix packed() {
        return packed;
    }

    Codes codes() {
        return codes;
    }

    /// The same linear with codes or levels that were tuned since; its error stays that of the first codes.
    CompressedLinear with(Codes tuned) {
        return new CompressedLinear(tuned, Packing.pack(tuned), report);
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
                packed.format().describe(),
                (double) packed.salientColumns() / packed.cols(),
                error,
                packed.nominalBits(),
                packed.realBits(),
                packed.bytes(),
                seconds,
                null);
    }

    /// ‖(W − Ŵ)X‖² / ‖WX‖² = tr(RHRᵀ) / tr(WHWᵀ); 0 for a linear whose output is always 0. Overwrites the weight.
    private static double relativeError(float[] weight, Codes codes, Hessian hessian) {
        int rows = codes.rows();
        int cols = codes.cols();
        // The Hessian has a 1 on the diagonal where the inputs are 0, which is no output.
        forEachWeight(codes, (i, row, col) -> weight[i] = hessian.dead()[col] ? 0 : weight[i]);
        double output = Linalg.quadratic(weight, rows, cols, hessian.matrix());
        forEachWeight(codes, (i, row, col) -> weight[i] -= hessian.dead()[col] ? 0 : codes.value(row, col));
        return output == 0 ? 0 : Linalg.quadratic(weight, rows, cols, hessian.matrix()) / output;
    }

    /// Takes the weight at place `i` of the matrix.
    private interface WeightTask {
        void take(int i, int row, int col);
    }

    private static void forEachWeight(Codes codes, WeightTask task) {
        RowChunks.forEach(codes.rows(), (from, to) -> {
            for (int row = from; row < to; row++) {
                for (int col = 0; col < codes.cols(); col++) {
                    task.take(row * codes.cols() + col, row, col);
                }
            }
        });
    }
}
