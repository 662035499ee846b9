package dev.pbs2p.compress;

import dev.pbs2p.tensor.Codes;
import dev.pbs2p.tensor.PackedFormat;

/// PBS²P as in the paper: column group by column group from left to right, the fine stage of the coarse-to-fine search
/// chooses the kept weights, structural searches divide them into salient columns and segments, SPBO finds levels and
/// signs, levels are rounded to 8 bits, and the columns that follow compensate the error.
///
/// @param compensation how they compensate
public record PaperPreset(Compensation compensation) implements Preset {

    /// With the compensation of the published lineage.
    public PaperPreset() {
        this(Compensation.BILLM);
    }

    @Override
    public Codes compress(float[] weight, int rows, int cols, Hessian hessian, PackedFormat format) {
        if (weight.length != (long) rows * cols || hessian.size() != cols) {
            throw new IllegalArgumentException("a " + rows + "x" + cols + " weight needs " + (long) rows * cols
                    + " values and a Hessian of " + cols + " columns, not " + weight.length + " and "
                    + hessian.size());
        }
        float[] compensated = weight.clone();
        clearDead(compensated, rows, hessian.dead());
        Codes codes = Codes.empty(format, rows, cols);
        setSteps(codes, compensated);
        for (int group = 0; group < format.groups(cols); group++) {
            int start = group * format.group();
            int end = Math.min(cols, start + format.group());
            float[] block = columns(compensated, rows, cols, start, end);
            float[] error = new GroupEncoder(codes, group, block, hessian).encode();
            if (end < cols) {
                compensation.apply(compensated, rows, cols, start, end, error, hessian.upper());
            }
        }
        return codes;
    }

    /// Weights that no input has met count for nothing.
    private static void clearDead(float[] weight, int rows, boolean[] dead) {
        for (int j = 0; j < dead.length; j++) {
            for (int row = 0; dead[j] && row < rows; row++) {
                weight[row * dead.length + j] = 0;
            }
        }
    }

    private static void setSteps(Codes codes, float[] weight) {
        int cols = codes.cols();
        for (int row = 0; row < codes.rows(); row++) {
            float largest = 0;
            for (int j = 0; j < cols; j++) {
                largest = Math.max(largest, Math.abs(weight[row * cols + j]));
            }
            codes.step()[row] = RowStep.of(largest).half();
        }
    }

    private static float[] columns(float[] weight, int rows, int cols, int start, int end) {
        int width = end - start;
        float[] block = new float[rows * width];
        for (int row = 0; row < rows; row++) {
            System.arraycopy(weight, row * cols + start, block, row * width, width);
        }
        return block;
    }
}
