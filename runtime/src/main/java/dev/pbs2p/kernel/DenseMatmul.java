package dev.pbs2p.kernel;

import dev.pbs2p.tensor.ByteMatrix;
import dev.pbs2p.tensor.DenseWeight;
import dev.pbs2p.tensor.Tensor;
import java.util.Objects;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;

/// Activations times dense weights with fused multiply-adds; a block of weight rows a part. A single row of activations
/// meets the weights as they are stored; for a batch, weight rows are widened to float32 once and serve all its rows.
final class DenseMatmul implements Workers.Task {

    private static final VectorSpecies<Float> F = Species.FLOATS;
    private static final int LANES = F.length();
    /// Weight rows that a tile of the batch meets together.
    private static final int TILE = 4;
    private static final int MOST_ROWS = 64;

    private final Workers workers;
    /// A single row of activations, arranged if the weights have 8 bits.
    private float[] single = new float[0];
    /// A thread's widened weight rows, or scales of rows.
    private final float[][] rooms;

    private @Nullable HostMatrix x;
    private @Nullable DenseLinear linear;
    private @Nullable HostMatrix out;
    private int rowsPerPart;

    DenseMatmul(Workers workers) {
        this.workers = workers;
        this.rooms = new float[workers.threads()][0];
    }

    /// out = x · Wᵀ + bias.
    void multiply(HostMatrix in, DenseLinear w, HostMatrix to) {
        x = in;
        linear = w;
        out = to;
        if (in.rows() == 1) {
            arrange(in, w.weight());
        }
        int fair = (w.outputs() + 4 * workers.threads() - 1) / (4 * workers.threads());
        rowsPerPart = Math.min((fair + TILE - 1) / TILE * TILE, MOST_ROWS);
        workers.run(this, (w.outputs() + rowsPerPart - 1) / rowsPerPart);
        x = null;
        linear = null;
        out = null;
    }

    private void arrange(HostMatrix in, DenseWeight weight) {
        int cols = in.cols();
        if (single.length < Species.FIRST_FLOAT + cols) {
            single = new float[Species.FIRST_FLOAT + cols];
        }
        if (weight instanceof ByteMatrix) {
            ByteRows.arrange(in.data, cols, single, Species.FIRST_FLOAT);
        } else {
            System.arraycopy(in.data, 0, single, Species.FIRST_FLOAT, cols);
        }
    }

    @Override
    public void run(int part, int worker) {
        HostMatrix in = Objects.requireNonNull(x);
        DenseLinear w = Objects.requireNonNull(linear);
        HostMatrix to = Objects.requireNonNull(out);
        int first = part * rowsPerPart;
        int end = Math.min(w.outputs(), first + rowsPerPart);
        if (in.rows() == 1) {
            single(w.weight(), first, end, to.data, worker);
        } else {
            for (int row = first; row < end; row += TILE) {
                tile(in, w.weight(), row, Math.min(TILE, end - row), to, worker);
            }
        }
        HostMatrix bias = w.bias();
        if (bias != null) {
            for (int r = 0; r < in.rows(); r++) {
                for (int row = first; row < end; row++) {
                    to.data[r * w.outputs() + row] += bias.data[row];
                }
            }
        }
    }

    private void single(DenseWeight weight, int first, int end, float[] to, int worker) {
        switch (weight) {
            case ByteMatrix bytes -> {
                float[] scales = room(worker, (end - first) * ByteMatrix.groups(bytes.cols()));
                ByteRows.dots(bytes, first, end, single, Species.FIRST_FLOAT, scales, to);
            }
            case Tensor tensor -> {
                for (int row = first; row < end; row++) {
                    to[row] = Widening.dot(tensor, row, single, Species.FIRST_FLOAT);
                }
            }
        }
    }

    private float[] room(int worker, int values) {
        if (rooms[worker].length < values) {
            rooms[worker] = new float[values];
        }
        return rooms[worker];
    }

    private void tile(HostMatrix in, DenseWeight weight, int row, int count, HostMatrix to, int worker) {
        int cols = in.cols();
        float[] w = room(worker, TILE * cols);
        for (int i = 0; i < count; i++) {
            Widening.row(weight, row + i, w, i * cols);
        }
        int r = 0;
        if (count == TILE) {
            for (; r <= in.rows() - 2; r += 2) {
                fourByTwo(w, in.data, r * cols, cols, to.data, r * to.cols() + row, to.cols());
            }
        }
        for (; r < in.rows(); r++) {
            for (int i = 0; i < count; i++) {
                to.data[r * to.cols() + row + i] = dot(w, i * cols, in.data, r * cols, cols);
            }
        }
    }

    private static FloatVector load(float[] x, int at) {
        return FloatVector.fromArray(F, x, at);
    }

    /// Four weight rows times two rows of activations: six loads for eight multiply-adds.
    private static void fourByTwo(float[] w, float[] x, int at, int cols, float[] out, int to, int outputs) {
        FloatVector sum00 = FloatVector.zero(F);
        FloatVector sum01 = sum00;
        FloatVector sum10 = sum00;
        FloatVector sum11 = sum00;
        FloatVector sum20 = sum00;
        FloatVector sum21 = sum00;
        FloatVector sum30 = sum00;
        FloatVector sum31 = sum00;
        int i = 0;
        for (; i <= cols - LANES; i += LANES) {
            FloatVector x0 = load(x, at + i);
            FloatVector x1 = load(x, at + cols + i);
            FloatVector row = load(w, i);
            sum00 = row.fma(x0, sum00);
            sum01 = row.fma(x1, sum01);
            row = load(w, cols + i);
            sum10 = row.fma(x0, sum10);
            sum11 = row.fma(x1, sum11);
            row = load(w, 2 * cols + i);
            sum20 = row.fma(x0, sum20);
            sum21 = row.fma(x1, sum21);
            row = load(w, 3 * cols + i);
            sum30 = row.fma(x0, sum30);
            sum31 = row.fma(x1, sum31);
        }
        out[to] = VectorMath.sum(sum00) + rest(w, 0, x, at, i, cols);
        out[to + 1] = VectorMath.sum(sum10) + rest(w, cols, x, at, i, cols);
        out[to + 2] = VectorMath.sum(sum20) + rest(w, 2 * cols, x, at, i, cols);
        out[to + 3] = VectorMath.sum(sum30) + rest(w, 3 * cols, x, at, i, cols);
        out[to + outputs] = VectorMath.sum(sum01) + rest(w, 0, x, at + cols, i, cols);
        out[to + outputs + 1] = VectorMath.sum(sum11) + rest(w, cols, x, at + cols, i, cols);
        out[to + outputs + 2] = VectorMath.sum(sum21) + rest(w, 2 * cols, x, at + cols, i, cols);
        out[to + outputs + 3] = VectorMath.sum(sum31) + rest(w, 3 * cols, x, at + cols, i, cols);
    }

    private static float rest(float[] a, int aAt, float[] b, int bAt, int from, int to) {
        float sum = 0;
        for (int i = from; i < to; i++) {
            sum += a[aAt + i] * b[bAt + i];
        }
        return sum;
    }

    /// Σ a[aAt + i] · b[bAt + i] over `n` values.
    static float dot(float[] a, int aAt, float[] b, int bAt, int n) {
        FloatVector sum0 = FloatVector.zero(F);
        FloatVector sum1 = sum0;
        int i = 0;
        for (; i <= n - 2 * LANES; i += 2 * LANES) {
            sum0 = load(a, aAt + i).fma(load(b, bAt + i), sum0);
            sum1 = load(a, aAt + i + LANES).fma(load(b, bAt + i + LANES), sum1);
        }
        return VectorMath.sum(sum0.add(sum1)) + rest(a, aAt, b, bAt, i, n);
    }
}
