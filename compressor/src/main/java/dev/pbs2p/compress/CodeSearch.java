package dev.pbs2p.compress;

import dev.pbs2p.tensor.Codes;
import dev.pbs2p.tensor.PackedFormat;
import java.util.Arrays;
import java.util.stream.IntStream;

/// The passes of [BestPreset] over one linear layer. Rows do not depend on each other: tiles of them run in parallel,
/// and every number is computed in the same order whatever the number of threads.
final class CodeSearch {

    private static final int ROUNDS = 3;
    private static final int SWEEPS = 2;
    private static final int SWAPS = 2;
    /// Rows that share a pass over a panel of the Hessian.
    private static final int TILE = 32;
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
    /// rows × cols. First pass: the errors times U_bb⁻¹; sweeps: original weight - value.
    private final float[] residual;

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
        residual = new float[rows * cols];
    }

    Codes run() {
        float[] upper = hessian.upper();
        for (int g = 0; g < groups; g++) {
            firstPass(g, upper);
        }
        forEachTile(this::originalResidual);
        float damping = hessian.damping();
        for (int sweep = 1; sweep <= SWEEPS; sweep++) {
            boolean last = sweep == SWEEPS;
            if (last) {
                forEachTile(this::chooseSteps);
            }
            for (int g = 0; g < groups; g++) {
                refine(g, damping, last);
            }
        }
        return codes;
    }

    private void firstPass(int g, float[] upper) {
        int start = g * format.group();
        int end = Math.min(cols, start + format.group());
        ColumnBlock block = ColumnBlock.of(upper, cols, start, end);
        Panel above = Panel.of(upper, cols, 0, start, start, end);
        NmGroups sets = NmGroups.of(format, end - start);
        CodeDescent descent = new CodeDescent(block.metric, sets);
        forEachTile((from, to) -> {
            CodeStart codeStart = new CodeStart(block.importance, sets, levelCount, format.symmetric());
            JointLevels joint = new JointLevels(block.metric, levelCount, format.symmetric());
            RowGroup row = new RowGroup(end - start, levelCount);
            float[] error = new float[end - start];
            float[][] compensation = new float[to - from][end - start];
            above.multiplyAdd(residual, from, cols, compensation);
            for (int r = from; r < to; r++) {
                float[] target = compensation[r - from];
                for (int j = 0; j < target.length; j++) {
                    target[j] = weight[r * cols + start + j] - target[j];
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
                System.arraycopy(target, 0, residual, r * cols + start, target.length);
                store(row, r, g);
            }
        });
    }

    private void refine(int g, float damping, boolean last) {
        int start = g * format.group();
        int end = Math.min(cols, start + format.group());
        Panel all = Panel.of(hessian.matrix(), cols, 0, cols, start, end);
        for (int j = 0; j < end - start; j++) {
            all.rows()[start + j][j] += damping;
        }
        Panel metric = new Panel(Arrays.copyOfRange(all.rows(), start, end), end - start);
        CodeDescent descent = new CodeDescent(metric, NmGroups.of(format, end - start));
        forEachTile((from, to) -> {
            JointLevels joint = new JointLevels(metric, levelCount, format.symmetric());
            RowGroup row = new RowGroup(end - start, levelCount);
            float[][] pull = new float[to - from][end - start];
            all.multiplyAdd(residual, from, cols, pull);
            for (int r = from; r < to; r++) {
                load(row, r, g, pull[r - from]);
                descent.descend(row);
                descent.swap(row, SWAPS);
                joint.refit(row);
                if (last) {
                    int at = codes.paramsAt(r, g);
                    LevelRounding.round(row.levels, codes.step()[r], format.symmetric(), codes.params(), at);
                    row.decode();
                }
                store(row, r, g);
                int at = r * cols + start;
                for (int j = 0; j < row.width; j++) {
                    residual[at + j] = weight[at + j] - row.value[j];
                }
            }
        });
    }

    private static void difference(float[] a, float[] b, float[] out) {
        for (int j = 0; j < out.length; j++) {
            out[j] = a[j] - b[j];
        }
    }

    private void originalResidual(int from, int to) {
        for (int r = from; r < to; r++) {
            for (int c = 0; c < cols; c++) {
                int code = codes.code()[r * cols + c];
                float value = code == 0 ? 0 : levels[(r * groups + c / format.group()) * levelCount + code - 1];
                residual[r * cols + c] = weight[r * cols + c] - value;
            }
        }
    }

    private void chooseSteps(int from, int to) {
        for (int r = from; r < to; r++) {
            int at = r * groups * levelCount;
            float largest = LevelRounding.largest(levels, at, at + groups * levelCount, format.symmetric());
            codes.step()[r] = LevelRounding.step(largest * HEADROOM);
        }
    }

    private void load(RowGroup row, int r, int g, float[] pull) {
        System.arraycopy(codes.code(), r * cols + g * format.group(), row.code, 0, row.width);
        System.arraycopy(levels, (r * groups + g) * levelCount, row.levels, 0, levelCount);
        System.arraycopy(pull, 0, row.pull, 0, row.width);
        row.decode();
    }

    private void store(RowGroup row, int r, int g) {
        System.arraycopy(row.code, 0, codes.code(), r * cols + g * format.group(), row.width);
        System.arraycopy(row.levels, 0, levels, (r * groups + g) * levelCount, levelCount);
    }

    private void forEachTile(TileTask task) {
        IntStream.range(0, Math.ceilDiv(rows, TILE))
                .parallel()
                .forEach(tile -> task.run(tile * TILE, Math.min(rows, (tile + 1) * TILE)));
    }

    /// Work on rows `from` to `to` (exclusive).
    private interface TileTask {
        void run(int from, int to);
    }
}
