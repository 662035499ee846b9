package dev.pbs2p.kernel;

import java.util.Objects;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;

/// Causal attention in SIMD: one query head of one token a part.
final class AttentionTask implements Workers.Task {

    private static final VectorSpecies<Float> F = Species.FLOATS;
    private static final int LANES = F.length();

    private final Workers workers;
    /// A thread's scores, a float a position.
    private final float[][] scores;

    private float[] q = new float[0];
    private HostMatrix k = new HostMatrix(0, 0, q);
    private HostMatrix v = k;
    private float[] out = q;
    private int heads;
    private int layer;
    private @Nullable AttentionShape shape;
    private @Nullable HostKvCache cache;

    AttentionTask(Workers workers) {
        this.workers = workers;
        this.scores = new float[workers.threads()][0];
    }

    /// Attends for all tokens of `queries`, whose keys and values the cache holds already.
    void run(
            AttentionShape sizes,
            HostMatrix queries,
            HostMatrix keys,
            HostMatrix values,
            int headCount,
            int layerNumber,
            HostKvCache past,
            HostMatrix to) {
        q = queries.data;
        k = keys;
        v = values;
        out = to.data;
        heads = headCount;
        layer = layerNumber;
        shape = sizes;
        cache = past;
        workers.run(this, queries.rows() * headCount);
    }

    @Override
    public void run(int part, int worker) {
        AttentionShape sizes = Objects.requireNonNull(shape);
        HostKvCache past = Objects.requireNonNull(cache);
        int row = part / heads;
        int head = part % heads;
        int tokens = past.tokens(k.rows());
        int sequence = row / tokens;
        int position = past.length(sequence) + row % tokens;
        int from = sizes.from(position);
        int count = position - from + 1;
        if (scores[worker].length < count) {
            scores[worker] = new float[Math.max(256, 2 * count)];
        }
        boolean window = past.isWindow();
        float[] keys = window ? k.data : past.keys(layer, sequence);
        float[] values = window ? v.data : past.values(layer, sequence);
        int first = window ? sequence * tokens + from : from;
        int at = first * sizes.kvCols() + sizes.kvHead(head) * sizes.headSize();
        int query = (row * heads + head) * sizes.headSize();
        score(q, query, keys, at, sizes, count, scores[worker]);
        float scale = softmax(scores[worker], count);
        mix(scores[worker], scale, count, values, at, sizes, out, query);
    }

    private static FloatVector load(float[] x, int at) {
        return FloatVector.fromArray(F, x, at);
    }

    /// q·k / sqrt(head size) of `count` positions, two at a time.
    private static void score(
            float[] q, int query, float[] keys, int at, AttentionShape sizes, int count, float[] scores) {
        float scale = (float) (1 / Math.sqrt(sizes.headSize()));
        int p = 0;
        for (; p <= count - 2; p += 2) {
            dotTwo(q, query, keys, at + p * sizes.kvCols(), sizes.kvCols(), sizes.headSize(), scores, p);
            scores[p] *= scale;
            scores[p + 1] *= scale;
        }
        if (p < count) {
            scores[p] = DenseMatmul.dot(q, query, keys, at + p * sizes.kvCols(), sizes.headSize()) * scale;
        }
    }

    private static void dotTwo(float[] q, int query, float[] keys, int at, int stride, int size, float[] to, int p) {
        FloatVector sum0 = FloatVector.zero(F);
        FloatVector sum1 = sum0;
        int i = 0;
        for (; i <= size - LANES; i += LANES) {
            FloatVector x = load(q, query + i);
            sum0 = x.fma(load(keys, at + i), sum0);
            sum1 = x.fma(load(keys, at + stride + i), sum1);
        }
        float dot0 = VectorMath.sum(sum0);
        float dot1 = VectorMath.sum(sum1);
        for (; i < size; i++) {
            dot0 += q[query + i] * keys[at + i];
            dot1 += q[query + i] * keys[at + stride + i];
        }
        to[p] = dot0;
        to[p + 1] = dot1;
    }

    /// Replaces scores by e^(score - max); returns the factor that makes them add up to 1.
    private static float softmax(float[] scores, int count) {
        float max = Float.NEGATIVE_INFINITY;
        for (int p = 0; p < count; p++) {
            max = Math.max(max, scores[p]);
        }
        FloatVector sum = FloatVector.zero(F);
        int p = 0;
        for (; p <= count - LANES; p += LANES) {
            FloatVector e = VectorMath.exp(load(scores, p).sub(max));
            e.intoArray(scores, p);
            sum = sum.add(e);
        }
        float total = VectorMath.sum(sum);
        for (; p < count; p++) {
            scores[p] = (float) Math.exp(scores[p] - max);
            total += scores[p];
        }
        return 1 / total;
    }

    /// The values weighted by `weights · scale`, four vectors of columns at a time.
    private static void mix(
            float[] weights,
            float scale,
            int count,
            float[] values,
            int at,
            AttentionShape sizes,
            float[] out,
            int to) {
        int i = 0;
        for (; i <= sizes.headSize() - 4 * LANES; i += 4 * LANES) {
            mixFour(weights, scale, count, values, at + i, sizes.kvCols(), out, to + i);
        }
        for (; i <= sizes.headSize() - LANES; i += LANES) {
            FloatVector sum = FloatVector.zero(F);
            for (int p = 0; p < count; p++) {
                sum = load(values, at + p * sizes.kvCols() + i).fma(FloatVector.broadcast(F, weights[p]), sum);
            }
            sum.mul(scale).intoArray(out, to + i);
        }
        for (; i < sizes.headSize(); i++) {
            float sum = 0;
            for (int p = 0; p < count; p++) {
                sum += weights[p] * values[at + p * sizes.kvCols() + i];
            }
            out[to + i] = sum * scale;
        }
    }

    private static void mixFour(
            float[] weights, float scale, int count, float[] values, int at, int stride, float[] out, int to) {
        FloatVector sum0 = FloatVector.zero(F);
        FloatVector sum1 = sum0;
        FloatVector sum2 = sum0;
        FloatVector sum3 = sum0;
        for (int p = 0; p < count; p++) {
            FloatVector weight = FloatVector.broadcast(F, weights[p]);
            int row = at + p * stride;
            sum0 = load(values, row).fma(weight, sum0);
            sum1 = load(values, row + LANES).fma(weight, sum1);
            sum2 = load(values, row + 2 * LANES).fma(weight, sum2);
            sum3 = load(values, row + 3 * LANES).fma(weight, sum3);
        }
        sum0.mul(scale).intoArray(out, to);
        sum1.mul(scale).intoArray(out, to + LANES);
        sum2.mul(scale).intoArray(out, to + 2 * LANES);
        sum3.mul(scale).intoArray(out, to + 3 * LANES);
    }
}
