package dev.pbs2p.kernel;

import static jdk.incubator.vector.VectorOperators.ADD;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;

/// Operations that treat every row (or every value) alike, in SIMD; batches of rows are shared out to threads.
final class RowOps implements Workers.Task {

    enum Op {
        ADD,
        RELU,
        SWIGLU,
        RMS_NORM,
        LAYER_NORM,
        ROPE
    }

    private static final VectorSpecies<Float> F = Species.FLOATS;
    private static final int LANES = F.length();
    /// Values below which waking other threads costs more than it saves.
    private static final int ALONE = 32_768;

    private final Workers workers;
    private final RopeTable rope;

    private Op op = Op.ADD;
    private float[] a = new float[0];
    private float[] b = new float[0];
    private float[] c = new float[0];
    private float[] out = new float[0];
    private int rows;
    private int cols;
    private float eps;
    private int rowsPerPart;

    RowOps(Workers workers, RopeTable rope) {
        this.workers = workers;
        this.rope = rope;
    }

    /// Runs `which` over all rows of `x`; the other operands and `epsilon` as the operation needs them.
    void run(Op which, Matrix x, @Nullable Matrix second, @Nullable Matrix third, float epsilon, HostMatrix to) {
        op = which;
        a = ((HostMatrix) x).data;
        b = second == null ? a : ((HostMatrix) second).data;
        c = third == null ? a : ((HostMatrix) third).data;
        out = to.data;
        rows = x.rows();
        cols = x.cols();
        eps = epsilon;
        int parts = rows * cols < ALONE ? 1 : Math.min(rows, 4 * workers.threads());
        rowsPerPart = (rows + parts - 1) / Math.max(1, parts);
        workers.run(this, rowsPerPart == 0 ? 0 : (rows + rowsPerPart - 1) / rowsPerPart);
    }

    @Override
    public void run(int part, int worker) {
        int first = part * rowsPerPart;
        int end = Math.min(rows, first + rowsPerPart);
        switch (op) {
            case ADD -> add(a, b, out, first * cols, end * cols);
            case RELU -> relu(a, out, first * cols, end * cols);
            case SWIGLU -> swiglu(a, b, out, first * cols, end * cols);
            case RMS_NORM -> {
                for (int r = first; r < end; r++) {
                    rmsNorm(a, r * cols, cols, b, eps, out);
                }
            }
            case LAYER_NORM -> {
                for (int r = first; r < end; r++) {
                    layerNorm(a, r * cols, cols, b, c, eps, out);
                }
            }
            case ROPE -> {
                for (int r = first; r < end; r++) {
                    rope(a, r * cols, cols, r, out);
                }
            }
        }
    }

    private static FloatVector load(float[] x, int at) {
        return FloatVector.fromArray(F, x, at);
    }

    private static void add(float[] a, float[] b, float[] out, int from, int to) {
        int i = from;
        for (; i <= to - LANES; i += LANES) {
            load(a, i).add(load(b, i)).intoArray(out, i);
        }
        for (; i < to; i++) {
            out[i] = a[i] + b[i];
        }
    }

    private static void relu(float[] a, float[] out, int from, int to) {
        int i = from;
        for (; i <= to - LANES; i += LANES) {
            load(a, i).max(0).intoArray(out, i);
        }
        for (; i < to; i++) {
            out[i] = Math.max(a[i], 0);
        }
    }

    private static void swiglu(float[] gate, float[] up, float[] out, int from, int to) {
        int i = from;
        for (; i <= to - LANES; i += LANES) {
            FloatVector g = load(gate, i);
            g.div(VectorMath.exp(g.neg()).add(1)).mul(load(up, i)).intoArray(out, i);
        }
        for (; i < to; i++) {
            out[i] = (float) (gate[i] / (1 + Math.exp(-gate[i]))) * up[i];
        }
    }

    private static void rmsNorm(float[] x, int at, int cols, float[] gain, float eps, float[] out) {
        float factor = (float) (1 / Math.sqrt((double) squares(x, at, cols, 0) / cols + eps));
        int i = 0;
        for (; i <= cols - LANES; i += LANES) {
            load(x, at + i).mul(factor).mul(load(gain, i)).intoArray(out, at + i);
        }
        for (; i < cols; i++) {
            out[at + i] = x[at + i] * factor * gain[i];
        }
    }

    private static void layerNorm(float[] x, int at, int cols, float[] gain, float[] bias, float eps, float[] out) {
        float mean = sum(x, at, cols) / cols;
        float factor = (float) (1 / Math.sqrt((double) squares(x, at, cols, mean) / cols + eps));
        int i = 0;
        for (; i <= cols - LANES; i += LANES) {
            load(x, at + i)
                    .sub(mean)
                    .mul(factor)
                    .mul(load(gain, i))
                    .add(load(bias, i))
                    .intoArray(out, at + i);
        }
        for (; i < cols; i++) {
            out[at + i] = (x[at + i] - mean) * factor * gain[i] + bias[i];
        }
    }

    private static float sum(float[] x, int at, int cols) {
        FloatVector sum = FloatVector.zero(F);
        int i = 0;
        for (; i <= cols - LANES; i += LANES) {
            sum = sum.add(load(x, at + i));
        }
        float total = VectorMath.sum(sum);
        for (; i < cols; i++) {
            total += x[at + i];
        }
        return total;
    }

    /// Σ (x - mean)².
    private static float squares(float[] x, int at, int cols, float mean) {
        FloatVector sum0 = FloatVector.zero(F);
        FloatVector sum1 = sum0;
        int i = 0;
        for (; i <= cols - 2 * LANES; i += 2 * LANES) {
            FloatVector d0 = load(x, at + i).sub(mean);
            FloatVector d1 = load(x, at + i + LANES).sub(mean);
            sum0 = d0.fma(d0, sum0);
            sum1 = d1.fma(d1, sum1);
        }
        float total = VectorMath.sum(sum0.add(sum1));
        for (; i < cols; i++) {
            total += (x[at + i] - mean) * (x[at + i] - mean);
        }
        return total;
    }

    private void rope(float[] x, int at, int cols, int row, float[] to) {
        int half = rope.half();
        int angles = row * half;
        float[] cos = rope.cos();
        float[] sin = rope.sin();
        for (int head = at; head < at + cols; head += 2 * half) {
            int i = 0;
            for (; i <= half - LANES; i += LANES) {
                FloatVector low = load(x, head + i);
                FloatVector high = load(x, head + half + i);
                FloatVector c = load(cos, angles + i);
                FloatVector s = load(sin, angles + i);
                low.mul(c).sub(high.mul(s)).intoArray(to, head + i);
                high.mul(c).add(low.mul(s)).intoArray(to, head + half + i);
            }
            for (; i < half; i++) {
                float low = x[head + i];
                float high = x[head + half + i];
                to[head + i] = low * cos[angles + i] - high * sin[angles + i];
                to[head + half + i] = high * cos[angles + i] + low * sin[angles + i];
            }
        }
    }
}
