package dev.pbs2p.compress;

/// Coordinate descent on the codes of a row in one column group (algorithm.md section 14, steps 2 and 3): every step
/// lowers the error (w - q) S (w - q)ᵀ exactly, with the levels fixed, and keeps exactly N of M.
final class CodeDescent {

    /// Changes smaller than this part of the terms they are made of are rounding noise of float32.
    private static final float NOISE = 1e-5f;

    private final Panel metric;
    private final NmGroups sets;

    CodeDescent(Panel metric, NmGroups sets) {
        this.metric = metric;
        this.sets = sets;
    }

    /// Gives every kept weight in turn the level that lowers the error most; says how many changed.
    int descend(RowGroup row) {
        int changed = 0;
        for (int j = 0; j < row.width; j++) {
            if (row.code[j] != 0) {
                // The error is S_jj (v - t)² plus what does not depend on the level v of column j.
                float t = row.value[j] + row.pull[j] / diagonal(j);
                int level = row.nearest(t);
                if (level != row.code[j] - 1) {
                    assign(row, j, level);
                    changed++;
                }
            }
        }
        return changed;
    }

    /// In every N:M set exchanges a kept and a pruned weight where that lowers the error, the best pair first, at most
    /// `times` pairs a set; says how many were exchanged.
    int swap(RowGroup row, int times) {
        int swapped = 0;
        for (int set = 0; set < sets.count(); set++) {
            for (int k = 0; k < times && swapBest(row, sets.columns(set)); k++) {
                swapped++;
            }
        }
        return swapped;
    }

    private boolean swapBest(RowGroup row, int[] columns) {
        float best = 0;
        int drop = -1;
        int take = -1;
        for (int i : columns) {
            if (row.code[i] == 0) {
                continue;
            }
            float[] si = metric.rows()[i];
            float q = row.value[i];
            float dropped = q * (2 * row.pull[i] + q * si[i]);
            for (int j : columns) {
                if (row.code[j] == 0) {
                    float change = dropped + gain(row, j, row.pull[j] + q * si[j]);
                    if (change < best) {
                        best = change;
                        drop = i;
                        take = j;
                    }
                }
            }
        }
        if (drop < 0) {
            return false;
        }
        float q = row.value[drop];
        int level = row.nearest((row.pull[take] + q * metric.rows()[drop][take]) / diagonal(take));
        float v = row.levels[level];
        if (best > -NOISE * (q * q * diagonal(drop) + v * v * diagonal(take))) {
            return false;
        }
        assign(row, drop, -1);
        assign(row, take, level);
        return true;
    }

    private float diagonal(int j) {
        return metric.rows()[j][j];
    }

    /// The least change of the error when pruned column j, whose pull is `pull`, takes a level.
    private float gain(RowGroup row, int j, float pull) {
        float d = diagonal(j);
        float best = Float.POSITIVE_INFINITY;
        for (float v : row.levels) {
            best = Math.min(best, v * (d * v - 2 * pull));
        }
        return best;
    }

    /// Gives column j a level, or prunes it (-1).
    private void assign(RowGroup row, int j, int level) {
        float v = level < 0 ? 0 : row.levels[level];
        Panel.add(row.pull, metric.rows()[j], row.value[j] - v, row.width);
        row.value[j] = v;
        row.code[j] = (byte) (level + 1);
    }
}
