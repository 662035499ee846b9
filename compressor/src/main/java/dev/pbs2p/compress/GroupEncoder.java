package dev.pbs2p.compress;

import dev.pbs2p.tensor.Codes;
import dev.pbs2p.tensor.PackedFormat;

/// Chooses the codes and levels of one column group of a linear: fine stage, searches, SPBO and rounding.
final class GroupEncoder {

    private final Codes codes;
    private final PackedFormat format;
    private final int group;
    private final int start;
    private final int width;
    private final float[] weight;
    private final float[] s;
    private final ScoredBlock block;
    private final boolean[] salient;
    private final float[] thresholds;
    private final int steps;

    /// @param codes where the result goes; its steps are set
    /// @param weight rows × columns of the group, compensated for the groups before
    GroupEncoder(Codes codes, int group, float[] weight, Hessian hessian) {
        this.codes = codes;
        this.group = group;
        this.weight = weight;
        format = codes.format();
        start = group * format.group();
        width = Math.min(codes.cols() - start, format.group());
        s = hessian.block(start, start + width);
        NmGroups groups = NmGroups.of(format, width);
        steps = groups.steps();
        block = CoarseToFine.fine(weight, codes.rows(), diagonal(hessian), groups);
        salient = format.salient() ? SalientSearch.columns(block) : new boolean[width];
        thresholds = SegmentSearch.thresholds(block, salient, format.segments());
    }

    private float[] diagonal(Hessian hessian) {
        float[] diagonal = new float[width];
        for (int j = 0; j < width; j++) {
            diagonal[j] = hessian.upper()[(start + j) * (hessian.size() + 1)];
        }
        return diagonal;
    }

    /// Fills in the codes of all rows.
    ///
    /// @return the weights minus what replaces them, rows × width
    float[] encode() {
        System.arraycopy(salient, 0, codes.salient(), start, width);
        float[] error = new float[weight.length];
        RowChunks.forEach(codes.rows(), (from, to) -> {
            ErrorMetric metric = new ErrorMetric(s, width);
            StepwisePruning pruning = new StepwisePruning(metric, width, format.symmetric());
            ResidualBinarization twice = new ResidualBinarization(metric, width, format.symmetric());
            BinaryGroup weights = new BinaryGroup(width);
            for (int row = from; row < to; row++) {
                for (int segment = 0; segment < format.segments(); segment++) {
                    encodeSegment(row, segment, weights, pruning);
                }
                if (format.salient()) {
                    encodeSalient(row, weights, twice);
                }
                for (int j = 0; j < width; j++) {
                    error[row * width + j] = weight[row * width + j] - codes.value(row, start + j);
                }
            }
        });
        return error;
    }

    private void encodeSegment(int row, int segment, BinaryGroup weights, StepwisePruning pruning) {
        weights.clear();
        for (int j = 0; j < width; j++) {
            int i = row * width + j;
            if (!salient[j] && SegmentSearch.segment(thresholds, block.score()[i]) == segment) {
                weights.add(j, weight[i], block.step()[i]);
            }
        }
        StepwisePruning.Levels levels = pruning.fit(weights, steps);
        RowStep step = new RowStep(codes.step()[row]);
        int at = codes.paramsAt(row, group) + segment;
        codes.params()[at] = step.round(levels.alpha());
        if (!format.symmetric()) {
            codes.params()[at + format.segments()] = step.round(levels.mu());
        }
        for (int i = 0; i < weights.size(); i++) {
            setCode(row, weights.column[i], 2 * segment + bit(weights.sign[i]));
        }
    }

    private void encodeSalient(int row, BinaryGroup weights, ResidualBinarization twice) {
        weights.clear();
        for (int j = 0; j < width; j++) {
            int i = row * width + j;
            if (salient[j] && block.kept(i)) {
                weights.add(j, weight[i], ScoredBlock.KEPT);
            }
        }
        ResidualBinarization.Levels levels = twice.fit(weights);
        RowStep step = new RowStep(codes.step()[row]);
        int at = codes.paramsAt(row, group) + format.segments() * (format.symmetric() ? 1 : 2);
        codes.params()[at] = step.round(levels.alpha1());
        codes.params()[at + 1] = step.round(levels.alpha2());
        if (!format.symmetric()) {
            codes.params()[at + 2] = step.round(levels.mu());
        }
        for (int i = 0; i < weights.size(); i++) {
            setCode(row, weights.column[i], 2 * bit(weights.sign2[i]) + bit(weights.sign[i]));
        }
    }

    private void setCode(int row, int column, int bits) {
        codes.code()[row * codes.cols() + start + column] = (byte) (1 + bits);
    }

    private static int bit(double sign) {
        return sign > 0 ? 1 : 0;
    }
}
