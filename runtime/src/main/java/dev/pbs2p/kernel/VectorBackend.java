package dev.pbs2p.kernel;

import dev.pbs2p.tensor.Tensor;
import dev.pbs2p.tensor.Weight;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The scalar backend's SIMD twin on several threads. Packed weights give the same floats to the last bit; other sums
/// run in float and in another order. Results do not depend on the number of threads.
///
/// Until the compiler has seen to them, vectors are a hundred times slower than plain loops. One that begins in plain
/// Java counts its work, and goes over to vectors when that is worth it: always at the same place.
///
/// An instance serves one thread at a time.
public final class VectorBackend extends ScalarBackend {

    /// Products of a weight and an activation that take half a second in plain Java. Compiling the vector
    /// kernels takes a second or two, which pays only where at least as much is to be computed.
    private static final long PLAIN_WORK = 500_000_000;
    /// Passes that every weight is counted for when it is loaded, so that a large model begins with vectors.
    private static final long PASSES = 8;
    /// How many times as long it stays with plain Java while the kernels are compiled in the background.
    private static final int LONGER = 8;

    private final String description;
    private final Workers workers;
    private final PackedMatmul packed;
    private final DenseMatmul dense;
    private final RowOps rowOps;
    private final RopeTable ropeTable = new RopeTable();
    private final AttentionTask attention;
    private final PlainMatmul plainMatmul;
    private final PlainDense plainDense = new PlainDense();
    private long plainWork; // products still to be computed in plain Java

    /// @param threads that compute, the caller included
    /// @param activationBits 6, 7 or 8
    public VectorBackend(int threads, int activationBits) {
        this(threads, activationBits, 0);
    }

    VectorBackend(int threads, int activationBits, long plainWork) {
        super(activationBits, "");
        this.description = "vector: " + Species.BITS + "-bit vectors on " + Backends.threads(threads) + ", "
                + activationBits + "-bit activations; packed weights by " + SubsetSums.description()
                + (Prefetch.supported() ? ", fetched ahead" : "");
        this.workers = new Workers(threads);
        this.packed = new PackedMatmul(quantizer(), workers);
        this.dense = new DenseMatmul(workers);
        this.rowOps = new RowOps(workers, ropeTable);
        this.attention = new AttentionTask(workers);
        this.plainMatmul = new PlainMatmul(quantizer());
        this.plainWork = plainWork;
    }

    /// One that begins in plain Java, which gives its first tokens while vector kernels would still wait for the
    /// compiler.
    static VectorBackend plainAtFirst(int threads, int activationBits) {
        return new VectorBackend(threads, activationBits, PLAIN_WORK);
    }

    /// Whether operations still run in plain Java.
    boolean plain() {
        return plainWork > 0;
    }

    @Override
    public Linear linear(String name, Weight weight, @Nullable Tensor bias) {
        count(PASSES * weight.rows() * weight.cols());
        return super.linear(name, weight, bias);
    }

    @Override
    public Matrix matmul(Matrix x, Linear w) {
        Matrix out = super.matmul(x, w);
        count((long) x.rows() * w.inputs() * w.outputs());
        return out;
    }

    /// Takes products off those still to be computed in plain Java. What that needed goes with the last of them.
    private void count(long products) {
        if (plain()) {
            plainWork -= products;
            if (!plain()) {
                plainMatmul.forget();
            }
        }
    }

    @Override
    public String name() {
        return "vector";
    }

    @Override
    public String description() {
        return description;
    }

    @Override
    public int threads() {
        return workers.threads();
    }

    @Override
    public Optional<Backend> warmUp() {
        if (!plain()) {
            return Optional.empty();
        }
        plainWork *= LONGER;
        return Optional.of(new VectorBackend(1, quantizer().bits()));
    }

    @Override
    void dense(HostMatrix x, DenseLinear w, HostMatrix out) {
        if (plain()) {
            plainDense.multiply(x, w, out);
        } else {
            dense.multiply(x, w, out);
        }
    }

    @Override
    void packed(HostMatrix x, PackedLinear w, HostMatrix out) {
        if (plain()) {
            plainMatmul.multiply(x, w, out);
        } else {
            packed.multiply(x, List.of(w), List.of(out));
        }
    }

    @Override
    public List<Matrix> matmul(Matrix x, List<Linear> ws) {
        List<PackedLinear> together = plain() ? List.of() : together(ws);
        if (together.isEmpty()) {
            return super.matmul(x, ws);
        }
        List<HostMatrix> products = new ArrayList<>(together.size());
        for (PackedLinear w : together) {
            products.add(product(x, w));
        }
        packed.multiply((HostMatrix) x, together, products);
        return List.copyOf(products);
    }

    /// The linears if one task can multiply them all; none otherwise.
    private static List<PackedLinear> together(List<Linear> ws) {
        List<PackedLinear> together = new ArrayList<>(ws.size());
        for (Linear w : ws) {
            if (!(w instanceof PackedLinear next)
                    || (!together.isEmpty() && !PackedMatmul.sharing(together.getFirst(), next))) {
                return List.of();
            }
            together.add(next);
        }
        return together;
    }

    @Override
    public Matrix add(Matrix a, Matrix b) {
        if (plain()) {
            return super.add(a, b);
        }
        sameShape(a, b);
        return rows(RowOps.Op.ADD, a, b, null, 0);
    }

    @Override
    public Matrix relu(Matrix x) {
        if (plain()) {
            return super.relu(x);
        }
        return rows(RowOps.Op.RELU, x, null, null, 0);
    }

    @Override
    public Matrix swiglu(Matrix gate, Matrix up) {
        if (plain()) {
            return super.swiglu(gate, up);
        }
        sameShape(gate, up);
        return rows(RowOps.Op.SWIGLU, gate, up, null, 0);
    }

    @Override
    public Matrix rmsNorm(Matrix x, Matrix gain, float eps) {
        if (plain()) {
            return super.rmsNorm(x, gain, eps);
        }
        vectorFits(x, gain);
        return rows(RowOps.Op.RMS_NORM, x, gain, null, eps);
    }

    @Override
    public Matrix layerNorm(Matrix x, Matrix gain, Matrix bias, float eps) {
        if (plain()) {
            return super.layerNorm(x, gain, bias, eps);
        }
        vectorFits(x, gain);
        vectorFits(x, bias);
        return rows(RowOps.Op.LAYER_NORM, x, gain, bias, eps);
    }

    @Override
    public Matrix rope(Matrix x, float[] frequencies, KvCache cache) {
        if (plain()) {
            return super.rope(x, frequencies, cache);
        }
        headsFit(x, frequencies);
        ropeTable.prepare(frequencies, x.rows(), (HostKvCache) cache);
        return rows(RowOps.Op.ROPE, x, null, null, 0);
    }

    private Matrix rows(RowOps.Op op, Matrix x, @Nullable Matrix second, @Nullable Matrix third, float eps) {
        HostMatrix out = workspace().take(x.rows(), x.cols());
        rowOps.run(op, x, second, third, eps, out);
        return out;
    }

    @Override
    public Matrix attention(Matrix q, Matrix k, Matrix v, int heads, int kvHeads, int layer, int span, KvCache cache) {
        if (plain()) {
            return super.attention(q, k, v, heads, kvHeads, layer, span, cache);
        }
        AttentionShape shape = AttentionShape.of(q, k, v, heads, kvHeads, span);
        HostKvCache host = (HostKvCache) cache;
        host.append(layer, shape, (HostMatrix) k, (HostMatrix) v);
        HostMatrix out = workspace().take(q.rows(), q.cols());
        attention.run(shape, (HostMatrix) q, layer, host, out);
        return out;
    }

    @Override
    public void close() {
        workers.close();
    }
}
