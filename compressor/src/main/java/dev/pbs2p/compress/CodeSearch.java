package dev.pbs2p.compress;

import dev.pbs2p.compress.torch.ColumnMatrix;
import dev.pbs2p.tensor.Codes;
import dev.pbs2p.tensor.PackedFormat;

/// The passes of [BestPreset] over one linear layer, column group by column group: what the other groups mean for one
/// is a product of matrices; then rows, which do not depend on each other, are searched in parallel.
final class CodeSearch {

    private static final int ROUNDS = 3;
    private static final int SWEEPS = 2;
    private static final int SWAPS = 2;
    /// Room that the row's step leaves above the largest parameter, for the last refits.
    private static final float HEADROOM = 1.1f;

    private final float[] weight;
    private final Codes codes;
    private final Hessian hessian;
    private final PackedFormat format;
    private final int rows;
    private final int cols;
    private final int groups;
    private final int levelCount;
    /// rows × groups × levels.
    private final float[] levels;

    CodeSearch(float[] weight, Codes codes, Hessian hessian) {
        this.weight = weight;
        this.codes = codes;
        this.hessian = hessian;
        format = codes.format();
        rows = codes.rows();
        cols = codes.cols();
        groups = format.groups(cols);
        levelCount = 2 * format.segments();
        levels = new float[rows * groups * levelCount];
    }

    Codes run() {
        try (ColumnMatrix errors = new ColumnMatrix(rows, cols)) {
            for (int g = 0; g < groups; g++) {
                firstPass(g, errors);
            }
        }
        try (ColumnMatrix residual = new ColumnMatrix(rows, cols)) {
            for (int g = 0; g < groups; g++) {
                residual.set(start(g), residual(g));
            }
            for (int sweep = 1; sweep <= SWEEPS; sweep++) {
                boolean last = sweep == SWEEPS;
                if (last) {
                    RowChunks.forEach(rows, this::chooseSteps);
                }
                for (int g = 0; g < groups; g++) {
                    refine(g, residual, last);
                }
            }
        }
        return codes;
    }

    private int start(int g) {
        return g * format.group();
    }

    private int end(int g) {
        return Math.min(cols, start(g) + format.group());
    }

    /// @param errors of the groups before, times U_bb⁻¹
    private void firstPass(int g, ColumnMatrix errors) {
        int start = start(g);
        int width = end(g) - start;
        ColumnBlock block = ColumnBlock.of(hessian.upper(), cols, start, start + width);
        NmGroups sets = NmGroups.of(format, width);
        CodeDescent descent = new CodeDescent(block.metric, sets);
        // First what the groups before pass on to this one, then what this one passes on.
        float[] passed = errors.times(columns(hessian.upper(), start, start, width), start, width);
        RowChunks.forEach(rows, (from, to) -> {
            CodeStart codeStart = new CodeStart(block.importance, sets, levelCount, format.symmetric());
            JointLevels joint = new JointLevels(block.metric, levelCount, format.symmetric());
            RowGroup row = new RowGroup(width, levelCount);
            float[] target = new float[width];
            float[] error = new float[width];
            for (int r = from; r < to; r++) {
                for (int j = 0; j < width; j++) {
                    target[j] = weight[r * cols + start + j] - passed[r * width + j];
                }
                codeStart.begin(target, row);
                difference(target, row.value, error);
                block.metric.multiply(error, row.pull);
                for (int round = 0; round < ROUNDS; round++) {
                    descent.descend(row);
                    descent.swap(row, SWAPS);
                    joint.refit(row);
                }
                difference(target, row.value, error);
                block.inverse.multiply(error, target);
                System.arraycopy(target, 0, passed, r * width, width);
                store(row, r, g);
            }
        });
        errors.set(start, passed);
    }

    /// @param residual weight - value, as it is now
    private void refine(int g, ColumnMatrix residual, boolean last) {
        int start = start(g);
        int width = end(g) - start;
        float damping = hessian.damping();
        Panel metric = Panel.of(hessian.matrix(), cols, start, start + width);
        for (int j = 0; j < width; j++) {
            metric.rows()[j][j] += damping;
        }
        CodeDescent descent = new CodeDescent(metric, NmGroups.of(format, width));
        // First what pulls at the values, then what remains between them and the weight.
        float[] pull = residual.timesColumns(hessian.matrix(), start, start + width);
        RowChunks.forEach(rows, (from, to) -> {
            JointLevels joint = new JointLevels(metric, levelCount, format.symmetric());
            RowGroup row = new RowGroup(width, levelCount);
            for (int r = from; r < to; r++) {
                load(row, r, g);
                for (int j = 0; j < width; j++) {
                    row.pull[j] = pull[r * width + j] + damping * (weight[r * cols + start + j] - row.value[j]);
                }
                descent.descend(row);
                descent.swap(row, SWAPS);
                joint.refit(row);
                if (last) {
                    int at = codes.paramsAt(r, g);
                    LevelRounding.round(row.levels, codes.step()[r], format.symmetric(), codes.params(), at);
                    row.decode();
                }
                store(row, r, g);
                residual(row, r, start, pull);
            }
        });
        residual.set(start, pull);
    }

    /// Rows 0 to `end` (exclusive) of `width` columns.
    private float[] columns(float[] matrix, int end, int start, int width) {
        float[] out = new float[end * width];
        for (int k = 0; k < end; k++) {
            System.arraycopy(matrix, k * cols + start, out, k * width, width);
        }
        return out;
    }

    private static void difference(float[] a, float[] b, float[] out) {
        for (int j = 0; j < out.length; j++) {
            out[j] = a[j] - b[j];
        }
    }

    /// The weight minus its value in a group: rows × width.
    private float[] residual(int g) {
        int start = start(g);
        int width = end(g) - start;
        float[] out = new float[rows * width];
        RowChunks.forEach(rows, (from, to) -> {
            RowGroup row = new RowGroup(width, levelCount);
            for (int r = from; r < to; r++) {
                load(row, r, g);
                residual(row, r, start, out);
            }
        });
        return out;
    }

    private void residual(RowGroup row, int r, int start, float[] out) {
        for (int j = 0; j < row.width; j++) {
            out[r * row.width + j] = weight[r * cols + start + j] - row.value[j];
        }
    }

    private void chooseSteps(int from, int to) {
        for (int r = from; r < to; r++) {
            int at = r * groups * levelCount;
            float largest = LevelRounding.largest(levels, at, at + groups * levelCount, format.symmetric());
            codes.step()[r] = LevelRounding.step(largest * HEADROOM);
        }
    }

    private void load(RowGroup row, int r, int g) {
        System.arraycopy(codes.code(), r * cols + start(g), row.code, 0, row.width);
        System.arraycopy(levels, (r * groups + g) * levelCount, row.levels, 0, levelCount);
        row.decode();
    }

    private void store(RowGroup row, int r, int g) {
        System.arraycopy(row.code, 0, codes.code(), r * cols + start(g), row.width);
        System.arraycopy(row.levels, 0, levels, (r * groups + g) * levelCount, levelCount);
    }
}
