package dev.pbs2p.kernel;

import dev.pbs2p.format.SlicedLayout;
import dev.pbs2p.tensor.DenseWeight;
import dev.pbs2p.tensor.PackedMatrix;
import dev.pbs2p.tensor.Tensor;
import dev.pbs2p.tensor.Weight;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The definition of every operation, in plain loops on one thread. Sums of floats are taken in double, except where a
/// packed weight's result prescribes its float operations one by one.
///
/// An instance serves one thread at a time.
public class ScalarBackend implements Backend {

    private final ActivationQuantizer quantizer;
    private final String description;
    private final Workspace workspace = new Workspace();

    /// With activations in 8 bits where they meet packed weights.
    public ScalarBackend() {
        this(8, "as asked");
    }

    /// @param activationBits 6, 7 or 8
    /// @param why the reason this backend runs, for [#description()]
    public ScalarBackend(int activationBits, String why) {
        this.quantizer = new ActivationQuantizer(activationBits);
        this.description = "scalar: plain loops on 1 thread, " + activationBits + "-bit activations (" + why + ")";
    }

    @Override
    public String name() {
        return "scalar";
    }

    @Override
    public String description() {
        return description;
    }

    @Override
    public int threads() {
        return 1;
    }

    final ActivationQuantizer quantizer() {
        return quantizer;
    }

    final Workspace workspace() {
        return workspace;
    }

    @Override
    public Linear linear(String name, Weight weight, @Nullable Tensor bias) {
        HostMatrix values = bias == null ? null : (HostMatrix) vector(name, bias);
        if (values != null && values.cols() != weight.rows()) {
            throw new IllegalArgumentException(
                    "the bias of " + name + " has " + values.cols() + " values for " + weight.rows() + " outputs");
        }
        return switch (weight) {
            case DenseWeight dense -> new DenseLinear(name, dense, values);
            case PackedMatrix packed -> PackedLinear.of(name, packed, values);
        };
    }

    @Override
    public Matrix vector(String name, Tensor values) {
        float[] data = values.toFloats();
        return new HostMatrix(1, data.length, data);
    }

    @Override
    public KvCache cache(int sequences, int layers, int kvCols, int capacity) {
        return new HostKvCache(sequences, layers, kvCols, capacity);
    }

    @Override
    public KvCache window(int sequences) {
        return HostKvCache.window(sequences);
    }

    @Override
    public Scope scope() {
        return workspace.open();
    }

    @Override
    public Matrix matrix(float[] values, int rows, int cols) {
        if (values.length != Math.multiplyExact(rows, cols)) {
            throw new IllegalArgumentException(
                    "a " + rows + "x" + cols + " matrix has " + rows * cols + " values, not " + values.length);
        }
        HostMatrix out = workspace.take(rows, cols);
        System.arraycopy(values, 0, out.data, 0, values.length);
        return out;
    }

    @Override
    public float[] read(Matrix x) {
        return Arrays.copyOf(((HostMatrix) x).data, x.rows() * x.cols());
    }

    @Override
    public void readRow(Matrix x, int row, float[] out) {
        System.arraycopy(((HostMatrix) x).data, Math.multiplyExact(row, x.cols()), out, 0, x.cols());
    }

    @Override
    public Matrix embed(Linear table, int[] ids) {
        HostMatrix out = workspace.take(ids.length, table.inputs());
        for (int i = 0; i < ids.length; i++) {
            if (ids[i] < 0 || ids[i] >= table.outputs()) {
                throw new IllegalArgumentException(
                        "token " + ids[i] + " is not in the table of " + table.outputs() + " tokens, " + table.name());
            }
            tableRow(table, ids[i], out.data, i * out.cols());
        }
        return out;
    }

    private static void tableRow(Linear table, int row, float[] out, int at) {
        switch (table) {
            case DenseLinear dense -> dense.weight().row(row, out, at);
            case PackedLinear packed -> {
                UnitDecoder decoder = new UnitDecoder(packed.weight(), packed.layout());
                float step = packed.step(row);
                int group = packed.weight().format().group();
                int[] levels = new int[SlicedLayout.ROWS * group];
                for (int g = 0; g < packed.layout().groups(); g++) {
                    int cols = packed.layout().group(g).cols();
                    decoder.decode(row / SlicedLayout.ROWS, g, levels);
                    for (int c = 0; c < cols; c++) {
                        out[at + g * group + c] = levels[row % SlicedLayout.ROWS * cols + c] * step;
                    }
                }
            }
            default -> throw foreign(table);
        }
    }

    static IllegalArgumentException foreign(Linear w) {
        return new IllegalArgumentException(w.name() + " is held by another backend");
    }

    @Override
    public Matrix matmul(Matrix x, Linear w) {
        HostMatrix out = product(x, w);
        switch (w) {
            case DenseLinear dense -> dense((HostMatrix) x, dense, out);
            case PackedLinear packed -> packed((HostMatrix) x, packed, out);
            default -> throw foreign(w);
        }
        return out;
    }

    /// Room for the product of `x` with `w`.
    final HostMatrix product(Matrix x, Linear w) {
        if (x.cols() != w.inputs()) {
            throw new IllegalArgumentException(
                    w.name() + " takes " + w.inputs() + " columns, but the matrix is " + x.rows() + "x" + x.cols());
        }
        return workspace.take(x.rows(), w.outputs());
    }

    void dense(HostMatrix x, DenseLinear w, HostMatrix out) {
        int cols = w.inputs();
        float[] row = new float[cols];
        for (int o = 0; o < w.outputs(); o++) {
            w.weight().row(o, row, 0);
            for (int r = 0; r < x.rows(); r++) {
                double sum = 0;
                for (int c = 0; c < cols; c++) {
                    sum += (double) x.data[r * cols + c] * row[c];
                }
                out.data[r * w.outputs() + o] = withBias((float) sum, w.bias(), o);
            }
        }
    }

    void packed(HostMatrix x, PackedLinear w, HostMatrix out) {
        int cols = w.inputs();
        int runs = ActivationQuantizer.runs(cols);
        byte[][] q = new byte[x.rows()][cols];
        float[][] scales = new float[x.rows()][runs];
        for (int r = 0; r < x.rows(); r++) {
            quantizer.quantize(x.data, r * cols, cols, q[r], scales[r]);
        }
        UnitDecoder decoder = new UnitDecoder(w.weight(), w.layout());
        int group = w.weight().format().group();
        int[] levels = new int[SlicedLayout.ROWS * group];
        for (int unit = 0; unit < w.layout().rowUnits(); unit++) {
            int first = unit * SlicedLayout.ROWS;
            int rows = Math.min(SlicedLayout.ROWS, w.outputs() - first);
            float[][] sums = new float[x.rows()][rows];
            for (int g = 0; g < w.layout().groups(); g++) {
                decoder.decode(unit, g, levels);
                int groupCols = w.layout().group(g).cols();
                for (int r = 0; r < x.rows(); r++) {
                    for (int row = 0; row < rows; row++) {
                        sums[r][row] =
                                addGroup(levels, row * groupCols, groupCols, q[r], g * group, scales[r], sums[r][row]);
                    }
                }
            }
            for (int r = 0; r < x.rows(); r++) {
                for (int row = 0; row < rows; row++) {
                    float y = sums[r][row] * w.step(first + row);
                    out.data[r * w.outputs() + first + row] = withBias(y, w.bias(), first + row);
                }
            }
        }
    }

    /// Adds one group of one row, run by run: exact integers, then one fused multiply-add a run.
    private static float addGroup(
            int[] levels, int at, int cols, byte[] q, int firstColumn, float[] scales, float sum) {
        float total = sum;
        for (int from = 0; from < cols; from += ActivationQuantizer.RUN) {
            int v = 0;
            for (int c = from; c < Math.min(cols, from + ActivationQuantizer.RUN); c++) {
                v += levels[at + c] * q[firstColumn + c];
            }
            total = Math.fma((float) v, scales[(firstColumn + from) / ActivationQuantizer.RUN], total);
        }
        return total;
    }

    static float withBias(float y, @Nullable HostMatrix bias, int row) {
        return bias == null ? y : y + bias.data[row];
    }

    @Override
    public Matrix add(Matrix a, Matrix b) {
        sameShape(a, b);
        HostMatrix out = workspace.take(a.rows(), a.cols());
        float[] left = ((HostMatrix) a).data;
        float[] right = ((HostMatrix) b).data;
        for (int i = 0; i < a.rows() * a.cols(); i++) {
            out.data[i] = left[i] + right[i];
        }
        return out;
    }

    static void sameShape(Matrix a, Matrix b) {
        if (a.rows() != b.rows() || a.cols() != b.cols()) {
            throw new IllegalArgumentException(
                    "the matrices differ in shape: " + a.rows() + "x" + a.cols() + " and " + b.rows() + "x" + b.cols());
        }
    }

    /// Checks that a gain or bias has a value for every column.
    static void vectorFits(Matrix x, Matrix vector) {
        if (vector.rows() != 1 || vector.cols() != x.cols()) {
            throw new IllegalArgumentException(
                    "a norm of " + x.cols() + " columns cannot use a vector of " + vector.rows() + "x" + vector.cols());
        }
    }

    @Override
    public Matrix rmsNorm(Matrix x, Matrix gain, float eps) {
        vectorFits(x, gain);
        HostMatrix out = workspace.take(x.rows(), x.cols());
        float[] in = ((HostMatrix) x).data;
        float[] g = ((HostMatrix) gain).data;
        int cols = x.cols();
        for (int r = 0; r < x.rows(); r++) {
            double squares = 0;
            for (int c = 0; c < cols; c++) {
                squares += (double) in[r * cols + c] * in[r * cols + c];
            }
            float factor = (float) (1 / Math.sqrt(squares / cols + eps));
            for (int c = 0; c < cols; c++) {
                out.data[r * cols + c] = in[r * cols + c] * factor * g[c];
            }
        }
        return out;
    }

    @Override
    public Matrix layerNorm(Matrix x, Matrix gain, Matrix bias, float eps) {
        vectorFits(x, gain);
        vectorFits(x, bias);
        HostMatrix out = workspace.take(x.rows(), x.cols());
        float[] in = ((HostMatrix) x).data;
        float[] g = ((HostMatrix) gain).data;
        float[] b = ((HostMatrix) bias).data;
        int cols = x.cols();
        for (int r = 0; r < x.rows(); r++) {
            double sum = 0;
            for (int c = 0; c < cols; c++) {
                sum += in[r * cols + c];
            }
            double mean = sum / cols;
            double squares = 0;
            for (int c = 0; c < cols; c++) {
                double d = in[r * cols + c] - mean;
                squares += d * d;
            }
            double factor = 1 / Math.sqrt(squares / cols + eps);
            for (int c = 0; c < cols; c++) {
                out.data[r * cols + c] = (float) ((in[r * cols + c] - mean) * factor) * g[c] + b[c];
            }
        }
        return out;
    }

    /// Checks that the columns are whole heads of two columns a frequency.
    static void headsFit(Matrix x, float[] frequencies) {
        int half = frequencies.length;
        if (half == 0 || x.cols() % (2 * half) != 0) {
            throw new IllegalArgumentException(
                    half + " frequencies turn heads of " + 2 * half + " columns, but the matrix has " + x.cols());
        }
    }

    @Override
    public Matrix rope(Matrix x, float[] frequencies, KvCache cache) {
        headsFit(x, frequencies);
        int half = frequencies.length;
        HostKvCache host = (HostKvCache) cache;
        int tokens = host.tokens(x.rows());
        HostMatrix out = workspace.take(x.rows(), x.cols());
        float[] in = ((HostMatrix) x).data;
        for (int r = 0; r < x.rows(); r++) {
            int position = host.length(r / tokens) + r % tokens;
            for (int i = 0; i < half; i++) {
                double angle = (double) position * frequencies[i];
                float cos = (float) Math.cos(angle);
                float sin = (float) Math.sin(angle);
                for (int at = r * x.cols() + i; at < (r + 1) * x.cols(); at += 2 * half) {
                    float a = in[at];
                    float b = in[at + half];
                    out.data[at] = a * cos - b * sin;
                    out.data[at + half] = b * cos + a * sin;
                }
            }
        }
        return out;
    }

    @Override
    public Matrix attention(Matrix q, Matrix k, Matrix v, int heads, int kvHeads, int layer, int span, KvCache cache) {
        AttentionShape shape = AttentionShape.of(q, k, v, heads, kvHeads, span);
        HostKvCache host = (HostKvCache) cache;
        HostMatrix out = workspace.take(q.rows(), q.cols());
        int tokens = host.tokens(q.rows());
        host.append(layer, shape, (HostMatrix) k, (HostMatrix) v);
        for (int s = 0; s < host.sequences(); s++) {
            double[] weights = new double[host.length(s) + tokens];
            for (int t = 0; t < tokens; t++) {
                int position = host.length(s) + t;
                for (int h = 0; h < heads; h++) {
                    int at = (s * tokens + t) * q.cols() + h * shape.headSize();
                    head(
                            shape,
                            shape.kvHead(h),
                            ((HostMatrix) q).data,
                            at,
                            host.blocks(layer, s),
                            position,
                            weights,
                            out.data);
                }
            }
        }
        return out;
    }

    /// One query head of one token, over the positions it sees.
    private static void head(
            AttentionShape shape,
            int kvHead,
            float[] q,
            int at,
            List<KvBlock> blocks,
            int position,
            double[] weights,
            float[] out) {
        int size = shape.headSize();
        int from = shape.from(position);
        double max = Double.NEGATIVE_INFINITY;
        for (int p = from; p <= position; p++) {
            PanelMatrix keys = blocks.get(p / KvBlock.POSITIONS).keys(kvHead);
            double dot = 0;
            for (int i = 0; i < size; i++) {
                dot += (double) q[at + i] * keys.get(i, p % KvBlock.POSITIONS);
            }
            weights[p] = dot / Math.sqrt(size);
            max = Math.max(max, weights[p]);
        }
        double total = 0;
        for (int p = from; p <= position; p++) {
            weights[p] = Math.exp(weights[p] - max);
            total += weights[p];
        }
        for (int i = 0; i < size; i++) {
            double sum = 0;
            for (int p = from; p <= position; p++) {
                PanelMatrix values = blocks.get(p / KvBlock.POSITIONS).values(kvHead);
                sum += weights[p] * values.get(p % KvBlock.POSITIONS, i);
            }
            out[at + i] = (float) (sum / total);
        }
    }

    @Override
    public Matrix swiglu(Matrix gate, Matrix up) {
        sameShape(gate, up);
        HostMatrix out = workspace.take(gate.rows(), gate.cols());
        float[] g = ((HostMatrix) gate).data;
        float[] u = ((HostMatrix) up).data;
        for (int i = 0; i < gate.rows() * gate.cols(); i++) {
            out.data[i] = (float) (g[i] / (1 + Math.exp(-g[i]))) * u[i];
        }
        return out;
    }

    @Override
    public Matrix relu(Matrix x) {
        HostMatrix out = workspace.take(x.rows(), x.cols());
        float[] in = ((HostMatrix) x).data;
        for (int i = 0; i < x.rows() * x.cols(); i++) {
            out.data[i] = Math.max(in[i], 0);
        }
        return out;
    }

    @Override
    public Matrix rows(Matrix x, int[] which) {
        HostMatrix out = workspace.take(which.length, x.cols());
        for (int i = 0; i < which.length; i++) {
            if (which[i] < 0 || which[i] >= x.rows()) {
                throw new IllegalArgumentException("row " + which[i] + " is not in a matrix of " + x.rows() + " rows");
            }
            System.arraycopy(((HostMatrix) x).data, which[i] * x.cols(), out.data, i * x.cols(), x.cols());
        }
        return out;
    }

    /// Holds nothing that needs closing.
    @Override
    public void close() {}
}
