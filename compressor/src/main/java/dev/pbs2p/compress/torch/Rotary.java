package dev.pbs2p.compress.torch;

import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/// Cosines and sines of position · frequency, computed in float64 as the scalar definition does; grows as positions do.
final class Rotary implements AutoCloseable {

    private final float[] frequencies;
    private Tensor cos;
    private Tensor sin;

    Rotary(float[] frequencies, int positions) {
        this.frequencies = frequencies.clone();
        this.cos = table(Math::cos, positions);
        this.sin = table(Math::sin, positions);
    }

    boolean isFor(float[] other) {
        return Arrays.equals(frequencies, other);
    }

    /// Turns x (sequences × tokens × heads × 2·frequencies); sequence s begins at position `cache.length(s)`.
    Tensor turn(Tensor x, TorchKvCache cache) {
        int tokens = Math.toIntExact(x.size(1));
        ensure(cache.longest() + tokens);
        Tensor c = at(cos, cache, tokens);
        Tensor s = at(sin, cache, tokens);
        int half = frequencies.length;
        Tensor a = x.narrow(3, 0, half);
        Tensor b = x.narrow(3, half, half);
        return torch.cat(new TensorVector(a.mul(c).sub(b.mul(s)), b.mul(c).add(a.mul(s))), 3);
    }

    /// (1 or sequences) × tokens × 1 × frequencies.
    private static Tensor at(Tensor table, TorchKvCache cache, int tokens) {
        if (cache.even()) {
            return table.narrow(0, cache.length(0), tokens).unsqueeze(0).unsqueeze(2);
        }
        Tensor[] parts = new Tensor[cache.sequences()];
        for (int s = 0; s < parts.length; s++) {
            parts[s] = table.narrow(0, cache.length(s), tokens);
        }
        return torch.stack(new TensorVector(parts), 0).unsqueeze(2);
    }

    private void ensure(int positions) {
        if (cos.size(0) < positions) {
            close();
            int more = Math.max(positions, Math.toIntExact(2 * cos.size(0)));
            cos = table(Math::cos, more);
            sin = table(Math::sin, more);
        }
    }

    private Tensor table(DoubleUnaryOperator function, int positions) {
        int half = frequencies.length;
        float[] values = new float[positions * half];
        for (int p = 0; p < positions; p++) {
            for (int i = 0; i < half; i++) {
                values[p * half + i] = (float) function.applyAsDouble((double) p * frequencies[i]);
            }
        }
        Tensor table = Native.tensor(values, positions, half);
        table.retainReference();
        return table;
    }

    @Override
    public void close() {
        cos.releaseReference();
        sin.releaseReference();
    }
}
