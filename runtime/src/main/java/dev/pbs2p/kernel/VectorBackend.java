package dev.pbs2p.kernel;

import org.jspecify.annotations.Nullable;

/// The scalar backend's SIMD twin on several threads. Packed weights give the same floats to the last bit; other sums
/// run in float and in another order. Results do not depend on the number of threads.
///
/// An instance serves one thread at a time.
public final class VectorBackend extends ScalarBackend {

    private final String description;
    private final Workers workers;
    private final PackedMatmul packed;
    private final DenseMatmul dense;
    private final RowOps rowOps;
    private final RopeTable ropeTable = new RopeTable();
    private final AttentionTask attention;

    /// @param threads that compute, the caller included
    /// @param activationBits 6, 7 or 8
    public VectorBackend(int threads, int activationBits) {
        super(activationBits, "");
        this.description = "vector: " + Species.BITS + "-bit vectors on " + threads
                + (threads == 1 ? " thread, " : " threads, ") + activationBits + "-bit activations; packed weights by "
                + NibbleKernel.description();
        this.workers = new Workers(threads);
        this.packed = new PackedMatmul(quantizer(), workers);
        this.dense = new DenseMatmul(workers);
        this.rowOps = new RowOps(workers, ropeTable);
        this.attention = new AttentionTask(workers);
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
    void dense(HostMatrix x, DenseLinear w, HostMatrix out) {
        dense.multiply(x, w, out);
    }

    @Override
    void packed(HostMatrix x, PackedLinear w, HostMatrix out) {
        packed.multiply(x, w, out);
    }

    @Override
    public Matrix add(Matrix a, Matrix b) {
        sameShape(a, b);
        return rows(RowOps.Op.ADD, a, b, null, 0);
    }

    @Override
    public Matrix relu(Matrix x) {
        return rows(RowOps.Op.RELU, x, null, null, 0);
    }

    @Override
    public Matrix swiglu(Matrix gate, Matrix up) {
        sameShape(gate, up);
        return rows(RowOps.Op.SWIGLU, gate, up, null, 0);
    }

    @Override
    public Matrix rmsNorm(Matrix x, Matrix gain, float eps) {
        vectorFits(x, gain);
        return rows(RowOps.Op.RMS_NORM, x, gain, null, eps);
    }

    @Override
    public Matrix layerNorm(Matrix x, Matrix gain, Matrix bias, float eps) {
        vectorFits(x, gain);
        vectorFits(x, bias);
        return rows(RowOps.Op.LAYER_NORM, x, gain, bias, eps);
    }

    @Override
    public Matrix rope(Matrix x, float[] frequencies, KvCache cache) {
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
        AttentionShape shape = AttentionShape.of(q, k, v, heads, kvHeads, span);
        HostKvCache host = (HostKvCache) cache;
        host.append(layer, (HostMatrix) k, (HostMatrix) v);
        HostMatrix out = workspace().take(q.rows(), q.cols());
        attention.run(shape, (HostMatrix) q, (HostMatrix) k, (HostMatrix) v, heads, layer, host, out);
        return out;
    }

    @Override
    public void close() {
        workers.close();
    }
}
