package dev.pbs2p.compress.torch;

import dev.pbs2p.kernel.Backend;
import dev.pbs2p.kernel.Backends;
import dev.pbs2p.kernel.KvCache;
import dev.pbs2p.kernel.Linear;
import dev.pbs2p.kernel.Matrix;
import dev.pbs2p.tensor.Tensor;
import dev.pbs2p.tensor.Weight;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/// The operations on LibTorch in float32, differentiable. Packed weights are expanded when first used and meet
/// unquantised activations: this is the compressed model without the kernels' rounding of activations.
///
/// Weights are read from their checkpoint on first use and stay until [#release]: a model larger than memory runs block
/// by block. An instance and what it makes belong to one thread.
public final class TorchBackend implements Backend {

    private final Map<String, TorchLinear> linears = new HashMap<>();
    private final Map<String, TorchMatrix> vectors = new HashMap<>();
    private final List<Rotary> rotaries = new ArrayList<>();
    private @Nullable BiConsumer<Linear, Matrix> tap;

    /// @param threads of every LibTorch operation in this process, from now on
    public TorchBackend(int threads) {
        Native.threads(threads);
    }

    @Override
    public String name() {
        return "torch";
    }

    @Override
    public String description() {
        return "LibTorch " + Native.version() + " in float32 on " + Backends.threads(Native.threads());
    }

    @Override
    public int threads() {
        return Native.threads();
    }

    @Override
    public Linear linear(String name, Weight weight, @Nullable Tensor bias) {
        TorchLinear linear = new TorchLinear(name, weight, bias == null ? null : kept(TorchLinear.floats(bias)));
        linears.put(name, linear);
        return linear;
    }

    @Override
    public Matrix vector(String name, Tensor values) {
        TorchMatrix vector = new TorchMatrix(kept(TorchLinear.floats(values).reshape(1, values.size())));
        vectors.put(name, vector);
        return vector;
    }

    private static org.bytedeco.pytorch.Tensor kept(org.bytedeco.pytorch.Tensor tensor) {
        tensor.retainReference();
        return tensor;
    }

    /// Hears the input of every matmul before it runs; null for none.
    void tap(@Nullable BiConsumer<Linear, Matrix> listener) {
        tap = listener;
    }

    /// Uses other values for a linear weight (outputs × inputs), until it is released, or for a parameter vector.
    public void replace(String name, float[] values) {
        try (PointerScope _ = new PointerScope()) {
            if (vectors.containsKey(name)) {
                bind(name, Native.tensor(values, 1, values.length));
            } else {
                TorchLinear linear = find(name);
                bind(name, Native.tensor(values, linear.outputs(), linear.inputs()));
            }
        }
    }

    /// Names of all parameter vectors, in alphabetical order.
    List<String> vectors() {
        return vectors.keySet().stream().sorted().toList();
    }

    /// A copy of a parameter vector.
    float[] values(String vector) {
        TorchMatrix matrix = vectors.get(vector);
        if (matrix == null) {
            throw new IllegalArgumentException("the model has no parameter vector " + vector);
        }
        return Native.floats(TorchMatrix.of(matrix));
    }

    /// Frees the float32 copies of linear weights; the stored weights are read again at their next use.
    public void release(Collection<String> names) {
        names.forEach(name -> find(name).release());
    }

    /// Gives memory that is no longer used, on the heap and outside it, back to the system.
    public void trim() {
        Native.trim();
    }

    /// Computes with `values` in place of a linear weight or a parameter vector, so that gradients can flow into them.
    void bind(String name, org.bytedeco.pytorch.Tensor values) {
        TorchMatrix vector = vectors.get(name);
        if (vector != null) {
            vector.exchange(values);
        } else {
            find(name).replace(values);
        }
    }

    private TorchLinear find(String name) {
        TorchLinear linear = linears.get(name);
        if (linear == null) {
            throw new IllegalArgumentException("the model has no weight " + name);
        }
        return linear;
    }

    @Override
    public KvCache cache(int sequences, int layers, int kvCols, int capacity) {
        return new TorchKvCache(sequences, layers, kvCols, capacity);
    }

    @Override
    public KvCache window(int sequences) {
        return TorchKvCache.window(sequences);
    }

    @Override
    public Scope scope() {
        return new TorchScope();
    }

    @Override
    public Matrix matrix(float[] values, int rows, int cols) {
        if (values.length != Math.multiplyExact(rows, cols)) {
            throw new IllegalArgumentException(
                    "a " + rows + "x" + cols + " matrix has " + rows * cols + " values, not " + values.length);
        }
        return new TorchMatrix(Native.tensor(values, rows, cols));
    }

    @Override
    public float[] read(Matrix x) {
        return Native.floats(TorchMatrix.of(x));
    }

    @Override
    public void readRow(Matrix x, int row, float[] out) {
        try (PointerScope _ = new PointerScope()) {
            Native.floats(TorchMatrix.of(x).select(0, row), out);
        }
    }

    @Override
    public Matrix embed(Linear table, int[] ids) {
        for (int id : ids) {
            if (id < 0 || id >= table.outputs()) {
                throw new IllegalArgumentException(
                        "token " + id + " is not in the table of " + table.outputs() + " tokens, " + table.name());
            }
        }
        return new TorchMatrix(held(table).rows(ids));
    }

    @Override
    public Matrix matmul(Matrix x, Linear w) {
        if (x.cols() != w.inputs()) {
            throw new IllegalArgumentException(
                    w.name() + " takes " + w.inputs() + " columns, but the matrix is " + x.rows() + "x" + x.cols());
        }
        if (tap != null) {
            tap.accept(w, x);
        }
        TorchLinear linear = held(w);
        org.bytedeco.pytorch.Tensor bias = linear.bias();
        TensorOptional offset = bias == null ? new TensorOptional() : new TensorOptional(bias.squeeze(0));
        Native.expect((long) x.rows() * x.cols() * w.outputs());
        return new TorchMatrix(torch.linear(TorchMatrix.of(x), linear.dense(), offset));
    }

    private static TorchLinear held(Linear linear) {
        if (linear instanceof TorchLinear torchLinear) {
            return torchLinear;
        }
        throw new IllegalArgumentException(linear.name() + " is held by another backend");
    }

    @Override
    public Matrix add(Matrix a, Matrix b) {
        sameShape(a, b);
        return new TorchMatrix(TorchMatrix.of(a).add(TorchMatrix.of(b)));
    }

    private static void sameShape(Matrix a, Matrix b) {
        if (a.rows() != b.rows() || a.cols() != b.cols()) {
            throw new IllegalArgumentException(
                    "the matrices differ in shape: " + a.rows() + "x" + a.cols() + " and " + b.rows() + "x" + b.cols());
        }
    }

    @Override
    public Matrix rmsNorm(Matrix x, Matrix gain, float eps) {
        TensorOptional weight = new TensorOptional(vector(x, gain));
        long[] shape = {x.cols()};
        return new TorchMatrix(torch.rms_norm(TorchMatrix.of(x), shape, weight, new DoubleOptional(eps)));
    }

    @Override
    public Matrix layerNorm(Matrix x, Matrix gain, Matrix bias, float eps) {
        TensorOptional weight = new TensorOptional(vector(x, gain));
        TensorOptional offset = new TensorOptional(vector(x, bias));
        long[] shape = {x.cols()};
        return new TorchMatrix(torch.layer_norm(TorchMatrix.of(x), shape, weight, offset, eps, false));
    }

    private static org.bytedeco.pytorch.Tensor vector(Matrix x, Matrix vector) {
        if (vector.rows() != 1 || vector.cols() != x.cols()) {
            throw new IllegalArgumentException(
                    "a norm of " + x.cols() + " columns cannot use a vector of " + vector.rows() + "x" + vector.cols());
        }
        return TorchMatrix.of(vector).reshape(x.cols());
    }

    @Override
    public Matrix rope(Matrix x, float[] frequencies, KvCache cache) {
        int size = 2 * frequencies.length;
        if (size == 0 || x.cols() % size != 0) {
            throw new IllegalArgumentException(frequencies.length + " frequencies turn heads of " + size
                    + " columns, but the matrix has " + x.cols());
        }
        TorchKvCache torchCache = (TorchKvCache) cache;
        int tokens = torchCache.tokens(x.rows());
        org.bytedeco.pytorch.Tensor heads = TorchMatrix.of(x).reshape(cache.sequences(), tokens, x.cols() / size, size);
        return new TorchMatrix(rotary(frequencies).turn(heads, torchCache).reshape(x.rows(), x.cols()));
    }

    private Rotary rotary(float[] frequencies) {
        for (Rotary rotary : rotaries) {
            if (rotary.isFor(frequencies)) {
                return rotary;
            }
        }
        Rotary rotary = new Rotary(frequencies, 512);
        rotaries.add(rotary);
        return rotary;
    }

    @Override
    public Matrix attention(Matrix q, Matrix k, Matrix v, int heads, int kvHeads, int layer, int span, KvCache cache) {
        TorchKvCache torchCache = (TorchKvCache) cache;
        int tokens = torchCache.tokens(q.rows());
        org.bytedeco.pytorch.Tensor keys = sequences(k, cache, tokens);
        org.bytedeco.pytorch.Tensor values = sequences(v, cache, tokens);
        if (!torchCache.isWindow()) {
            keys = torchCache.appendKeys(layer, keys);
            values = torchCache.appendValues(layer, values);
        }
        org.bytedeco.pytorch.Tensor mixed =
                TorchAttention.apply(sequences(q, cache, tokens), keys, values, heads, kvHeads, span, torchCache);
        return new TorchMatrix(mixed.reshape(q.rows(), q.cols()));
    }

    private static org.bytedeco.pytorch.Tensor sequences(Matrix x, KvCache cache, int tokens) {
        return TorchMatrix.of(x).reshape(cache.sequences(), tokens, x.cols());
    }

    @Override
    public Matrix swiglu(Matrix gate, Matrix up) {
        sameShape(gate, up);
        return new TorchMatrix(torch.silu(TorchMatrix.of(gate)).mul(TorchMatrix.of(up)));
    }

    @Override
    public Matrix relu(Matrix x) {
        return new TorchMatrix(torch.relu(TorchMatrix.of(x)));
    }

    @Override
    public Matrix rows(Matrix x, int[] which) {
        for (int row : which) {
            if (row < 0 || row >= x.rows()) {
                throw new IllegalArgumentException("row " + row + " is not in a matrix of " + x.rows() + " rows");
            }
        }
        return new TorchMatrix(TorchMatrix.of(x).index_select(0, Native.indices(which)));
    }

    @Override
    public void close() {
        linears.values().forEach(TorchLinear::close);
        vectors.values().forEach(vector -> TorchMatrix.of(vector).releaseReference());
        rotaries.forEach(Rotary::close);
        linears.clear();
        vectors.clear();
        rotaries.clear();
    }
}
