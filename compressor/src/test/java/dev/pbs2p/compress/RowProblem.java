package dev.pbs2p.compress;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.pbs2p.tensor.PackedFormat;
import java.util.Random;

/// One row in one column group with a correlated metric, and plain double-precision measures of it.
final class RowProblem {

    final float[] weight;
    final Panel metric;
    final NmGroups sets;
    final PackedFormat format;
    private final float[] importance;

    private RowProblem(PackedFormat format, float[] weight, Panel metric) {
        this.format = format;
        this.weight = weight;
        this.metric = metric;
        sets = NmGroups.of(format, weight.length);
        importance = new float[weight.length];
        for (int j = 0; j < weight.length; j++) {
            importance[j] = metric.rows()[j][j];
        }
    }

    /// Gaussian weights; a metric from inputs that share a few directions.
    static RowProblem random(PackedFormat format, int width, Random random) {
        float[] weight = new float[width];
        for (int j = 0; j < width; j++) {
            weight[j] = (float) random.nextGaussian() * 0.02f;
        }
        return new RowProblem(format, weight, new Panel(Problems.hessian(width, random), width));
    }

    RowGroup start() {
        RowGroup row = new RowGroup(weight.length, 2 * format.segments());
        new CodeStart(importance, sets, row.levels.length, format.symmetric()).begin(weight, row);
        pull(row);
        return row;
    }

    void pull(RowGroup row) {
        for (int j = 0; j < row.width; j++) {
            row.pull[j] = (float) exactPull(row, j);
        }
    }

    private double exactPull(RowGroup row, int j) {
        double sum = 0;
        for (int i = 0; i < row.width; i++) {
            sum += ((double) weight[i] - row.value[i]) * metric.rows()[i][j];
        }
        return sum;
    }

    double error(RowGroup row) {
        double sum = 0;
        for (int j = 0; j < row.width; j++) {
            sum += exactPull(row, j) * ((double) weight[j] - row.value[j]);
        }
        return sum;
    }

    void search(RowGroup row, int rounds) {
        CodeDescent descent = new CodeDescent(metric, sets);
        for (int round = 0; round < rounds; round++) {
            descent.descend(row);
            descent.swap(row, 2);
        }
    }

    void assertConsistent(RowGroup row) {
        double scale = Math.sqrt(error(row));
        for (int j = 0; j < row.width; j++) {
            assertEquals(row.code[j] == 0 ? 0 : row.levels[row.code[j] - 1], row.value[j]);
            // |(w - q) S_j| <= sqrt(error · S_jj); float32 sums of the width's terms keep four digits of that.
            assertEquals(exactPull(row, j), row.pull[j], 1e-4 * scale * Math.sqrt(metric.rows()[j][j]) + 1e-12);
        }
        for (int set = 0; set < sets.count(); set++) {
            int kept = 0;
            for (int j : sets.columns(set)) {
                kept += row.code[j] == 0 ? 0 : 1;
            }
            assertEquals(sets.kept(set), kept);
        }
        for (int l = 0; format.symmetric() && l < row.levels.length; l += 2) {
            assertEquals(-row.levels[l], row.levels[l + 1]);
        }
    }

    /// The least error of all codes with the levels of `row`.
    double bruteForce(RowGroup row) {
        RowGroup trial = new RowGroup(row.width, row.levels.length);
        System.arraycopy(row.levels, 0, trial.levels, 0, row.levels.length);
        return bruteForce(trial, 0);
    }

    private double bruteForce(RowGroup trial, int column) {
        if (column == trial.width) {
            for (int set = 0; set < sets.count(); set++) {
                int kept = 0;
                for (int j : sets.columns(set)) {
                    kept += trial.code[j] == 0 ? 0 : 1;
                }
                if (kept != sets.kept(set)) {
                    return Double.POSITIVE_INFINITY;
                }
            }
            trial.decode();
            return error(trial);
        }
        double best = Double.POSITIVE_INFINITY;
        for (int code = 0; code <= trial.levels.length; code++) {
            trial.code[column] = (byte) code;
            best = Math.min(best, bruteForce(trial, column + 1));
        }
        return best;
    }
}
