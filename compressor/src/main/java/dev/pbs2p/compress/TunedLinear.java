package dev.pbs2p.compress;

import dev.pbs2p.tensor.Codes;
import dev.pbs2p.tensor.PackedFormat;
import java.util.Arrays;

/// A compressed linear whose levels move as real numbers, and whose codes follow (algorithm.md section 14).
///
/// A row's group has `count` levels: with free levels one for each code, in the order of the codes (segment 0 minus,
/// segment 0 plus, segment 1 minus, …); with symmetric levels the alpha of each segment. The object holds only the
/// shape: levels, codes and offsets are arrays of the caller, who can save them.
///
/// An *offset* is how far a weight would like to be from its level. When offsets have moved, [#recode] gives each
/// weight the nearest level, and each N:M set its best mask, so that a wish becomes a change once it is large enough.
public final class TunedLinear {

    private final Codes start;
    private final PackedFormat format;
    private final int rows;
    private final int cols;
    private final int groups;
    private final int count;
    private final NmGroups sets;
    private final NmGroups lastSets;

    /// @throws IllegalArgumentException if the codes have salient columns, whose levels are not tuned
    public TunedLinear(Codes start) {
        if (start.format().salient()) {
            throw new IllegalArgumentException("levels of linears with salient columns are not tuned");
        }
        this.start = start;
        format = start.format();
        rows = start.rows();
        cols = start.cols();
        groups = format.groups(cols);
        count = format.symmetric() ? format.segments() : 2 * format.segments();
        lastSets = NmGroups.of(format, cols - (groups - 1) * format.group());
        sets = groups == 1 ? lastSets : NmGroups.of(format, format.group());
    }

    public int rows() {
        return rows;
    }

    public int cols() {
        return cols;
    }

    /// A new array with the stored levels: rows × groups × count.
    public float[] levels() {
        int segments = format.segments();
        float[] out = new float[rows * groups * count];
        for (int r = 0; r < rows; r++) {
            float step = Float.float16ToFloat(start.step()[r]);
            for (int g = 0; g < groups; g++) {
                int at = start.paramsAt(r, g);
                int to = (r * groups + g) * count;
                for (int s = 0; s < segments; s++) {
                    float alpha = start.params()[at + s] * step;
                    if (format.symmetric()) {
                        out[to + s] = alpha;
                    } else {
                        float mu = start.params()[at + segments + s] * step;
                        out[to + 2 * s] = mu - alpha;
                        out[to + 2 * s + 1] = mu + alpha;
                    }
                }
            }
        }
        return out;
    }

    /// The mean distance between neighbouring values that a weight can take, zero included where weights are pruned:
    /// the scale on which levels and offsets move.
    ///
    /// @param levels as [#levels()] gives them
    public double meanGap(float[] levels) {
        double sum = 0;
        for (int r = 0; r < rows; r++) {
            for (int g = 0; g < groups; g++) {
                float[] full = full(levels, r, g);
                Arrays.sort(full);
                sum += full[full.length - 1] - full[0];
            }
        }
        int gaps = 2 * format.segments() - (format.dense() ? 1 : 0);
        return sum / gaps / ((double) rows * groups);
    }

    /// Sets `out` to the weight that levels and codes stand for, rows × cols.
    ///
    /// @param codes 0 pruned, else 1 + level
    public void dense(float[] levels, byte[] codes, float[] out) {
        forEachGroup((r, g, from, to) -> {
            float[] full = full(levels, r, g);
            for (int i = from; i < to; i++) {
                out[i] = codes[i] == 0 ? 0 : full[codes[i] - 1];
            }
        });
    }

    /// The gradient by the levels, given that by the weights (rows × cols).
    public float[] levelGradient(float[] gradient, byte[] codes) {
        float[] out = new float[rows * groups * count];
        forEachGroup((r, g, from, to) -> {
            int at = (r * groups + g) * count;
            for (int i = from; i < to; i++) {
                int level = codes[i] - 1;
                if (level >= 0 && format.symmetric()) {
                    out[at + (level >> 1)] += (level & 1) == 0 ? -gradient[i] : gradient[i];
                } else if (level >= 0) {
                    out[at + level] += gradient[i];
                }
            }
        });
        return out;
    }

    /// Gives every weight the level nearest to its present value plus its offset, and every N:M set the mask that
    /// leaves the least squared distance; what remains becomes the new offset.
    ///
    /// @param codes changed in place, N of M at every moment
    /// @param offsets rows × cols, changed in place
    public void recode(float[] levels, byte[] codes, float[] offsets) {
        forEachGroup((r, g, from, to) -> {
            RowGroup row = new RowGroup(to - from, 2 * format.segments());
            System.arraycopy(full(levels, r, g), 0, row.levels, 0, row.levels.length);
            System.arraycopy(codes, from, row.code, 0, row.width);
            row.decode();
            for (int j = 0; j < row.width; j++) {
                row.pull[j] = row.value[j] + offsets[from + j];
            }
            remask(row, g == groups - 1 ? lastSets : sets);
            for (int j = 0; j < row.width; j++) {
                if (row.code[j] != 0) {
                    row.code[j] = (byte) (1 + row.nearest(row.pull[j]));
                }
            }
            row.decode();
            System.arraycopy(row.code, 0, codes, from, row.width);
            for (int j = 0; j < row.width; j++) {
                offsets[from + j] = row.pull[j] - row.value[j];
            }
        });
    }

    /// Exchanges the least deserving kept weight of a set for the most deserving pruned one while that is an
    /// improvement.
    private static void remask(RowGroup row, NmGroups sets) {
        for (int set = 0; set < sets.count(); set++) {
            int[] columns = sets.columns(set);
            for (int k = 0; k < columns.length; k++) {
                int drop = -1;
                int take = -1;
                float least = Float.POSITIVE_INFINITY;
                float most = Float.NEGATIVE_INFINITY;
                for (int j : columns) {
                    float worth = worth(row, row.pull[j]);
                    if (row.code[j] != 0 && worth < least) {
                        least = worth;
                        drop = j;
                    } else if (row.code[j] == 0 && worth > most) {
                        most = worth;
                        take = j;
                    }
                }
                if (!(most > least)) {
                    break;
                }
                row.code[drop] = 0;
                row.code[take] = 1;
            }
        }
    }

    /// By how much keeping a weight that wants to be `target` lowers its squared distance.
    private static float worth(RowGroup row, float target) {
        float level = row.levels[row.nearest(target)];
        return level * (2 * target - level);
    }

    /// The linear with levels rounded to what a file stores.
    ///
    /// @param codes become those of the result, not copied
    public Codes rounded(float[] levels, byte[] codes) {
        int segments = format.segments();
        byte[] params = new byte[start.params().length];
        short[] step = new short[rows];
        for (int r = 0; r < rows; r++) {
            float largest = 0;
            for (int g = 0; g < groups; g++) {
                float[] full = full(levels, r, g);
                largest = Math.max(largest, LevelRounding.largest(full, 0, 2 * segments, format.symmetric()));
            }
            step[r] = LevelRounding.step(largest);
            for (int g = 0; g < groups; g++) {
                LevelRounding.round(full(levels, r, g), step[r], format.symmetric(), params, start.paramsAt(r, g));
            }
        }
        return new Codes(format, rows, cols, codes, params, step, start.salient());
    }

    /// Both levels of every segment of a row's group.
    private float[] full(float[] levels, int r, int g) {
        int at = (r * groups + g) * count;
        float[] out = new float[2 * format.segments()];
        if (!format.symmetric()) {
            System.arraycopy(levels, at, out, 0, out.length);
            return out;
        }
        for (int s = 0; s < count; s++) {
            out[2 * s] = -levels[at + s];
            out[2 * s + 1] = levels[at + s];
        }
        return out;
    }

    /// Weights `from` to `to` (exclusive) of the matrix are group `g` of row `r`.
    private interface GroupTask {
        void run(int r, int g, int from, int to);
    }

    private void forEachGroup(GroupTask task) {
        RowChunks.forEach(rows, (first, end) -> {
            for (int r = first; r < end; r++) {
                for (int g = 0; g < groups; g++) {
                    int from = r * cols + g * format.group();
                    task.run(r, g, from, Math.min((r + 1) * cols, from + format.group()));
                }
            }
        });
    }
}
