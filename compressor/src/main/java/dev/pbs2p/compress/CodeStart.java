package dev.pbs2p.compress;

import java.util.Arrays;

/// Where the search for the codes of a row begins (algorithm.md section 14, step 1): in every set the N weights of the
/// highest score are kept, and the levels are weighted means found by Lloyd's alternation.
///
/// Not thread-safe: it holds scratch memory.
final class CodeStart {

    private static final int ROUNDS = 12;

    private final float[] importance;
    private final NmGroups sets;
    private final boolean symmetric;
    private final float[] sorted;
    private final double[] sum;
    private final double[] mass;

    /// @param importance of every column's weight error; the score of a weight is w² · importance
    CodeStart(float[] importance, NmGroups sets, int levelCount, boolean symmetric) {
        this.importance = importance;
        this.sets = sets;
        this.symmetric = symmetric;
        sorted = new float[importance.length];
        sum = new double[levelCount];
        mass = new double[levelCount];
    }

    /// Sets mask, levels, codes and values of `row` for its weights.
    void begin(float[] weight, RowGroup row) {
        Arrays.fill(row.code, (byte) 1);
        for (int set = 0; set < sets.count(); set++) {
            prune(weight, row, sets.columns(set), sets.kept(set));
        }
        quantiles(weight, row);
        for (int round = 0; round < ROUNDS && assign(weight, row); round++) {
            means(weight, row);
        }
        row.decode();
    }

    /// Keeps the highest scores of a set; of equal ones the lower column.
    private void prune(float[] weight, RowGroup row, int[] columns, int kept) {
        for (int left = columns.length; left > kept; left--) {
            int least = -1;
            float score = 0;
            for (int j : columns) {
                float own = weight[j] * weight[j] * importance[j];
                if (row.code[j] != 0 && (least < 0 || own <= score)) {
                    least = j;
                    score = own;
                }
            }
            row.code[least] = 0;
        }
    }

    /// Levels at evenly spaced quantiles of the kept weights; symmetric: of their magnitudes.
    private void quantiles(float[] weight, RowGroup row) {
        int kept = 0;
        for (int j = 0; j < row.width; j++) {
            if (row.code[j] != 0) {
                sorted[kept++] = symmetric ? Math.abs(weight[j]) : weight[j];
            }
        }
        Arrays.sort(sorted, 0, kept);
        int count = symmetric ? row.levels.length / 2 : row.levels.length;
        for (int l = 0; l < count; l++) {
            float level = kept == 0 ? 0 : sorted[(int) (kept * (l + 0.5f) / count)];
            if (symmetric) {
                row.levels[2 * l] = -level;
                row.levels[2 * l + 1] = level;
            } else {
                row.levels[l] = level;
            }
        }
    }

    /// Gives every kept weight the nearest level; says whether any changed.
    private boolean assign(float[] weight, RowGroup row) {
        boolean changed = false;
        for (int j = 0; j < row.width; j++) {
            if (row.code[j] != 0) {
                byte code = (byte) (1 + row.nearest(weight[j]));
                changed |= code != row.code[j];
                row.code[j] = code;
            }
        }
        return changed;
    }

    /// Moves every level to the weighted mean of its weights.
    private void means(float[] weight, RowGroup row) {
        Arrays.fill(sum, 0);
        Arrays.fill(mass, 0);
        for (int j = 0; j < row.width; j++) {
            if (row.code[j] != 0) {
                int level = row.code[j] - 1;
                boolean mirrored = symmetric && (level & 1) == 0;
                int target = mirrored ? level + 1 : level;
                sum[target] += importance[j] * (mirrored ? -weight[j] : weight[j]);
                mass[target] += importance[j];
            }
        }
        for (int l = symmetric ? 1 : 0; l < row.levels.length; l += symmetric ? 2 : 1) {
            if (mass[l] > 0) {
                row.levels[l] = (float) (sum[l] / mass[l]);
                if (symmetric) {
                    row.levels[l - 1] = -row.levels[l];
                }
            }
        }
    }
}
