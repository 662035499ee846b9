package dev.pbs2p.compress.torch;

import dev.pbs2p.kernel.Linear;
import dev.pbs2p.kernel.Matrix;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/// Sums XᵀX over the inputs X of the linear layers that a backend runs, while it is open. Layers that are given the
/// same matrix share one sum.
public final class InputCapture implements AutoCloseable {

    private static final int TILE = 64;

    private final TorchBackend backend;
    private final List<Inputs> all = new ArrayList<>();
    private final Map<String, Inputs> byLayer = new HashMap<>();
    private @Nullable Matrix latest;
    private @Nullable Inputs latestInputs;

    /// The inputs that some layers share.
    public static final class Inputs {

        private final List<String> layers = new ArrayList<>();
        private final int size;
        private @Nullable Tensor sum;

        private Inputs(int size) {
            this.size = size;
            this.sum = Native.empty(torch.ScalarType.Float, size, size);
            sum.retainReference();
            sum.zero_();
        }

        private void release() {
            if (sum != null) {
                sum.releaseReference();
                sum = null;
            }
        }

        /// Names of the layers, in the order in which they ran.
        public List<String> layers() {
            return List.copyOf(layers);
        }

        /// Columns of the inputs.
        public int size() {
            return size;
        }

        /// factor · Σ XᵀX, exactly symmetric, size × size. Can be taken once: the capture's own copy is freed.
        public float[] take(double factor) {
            if (sum == null) {
                throw new IllegalStateException("the sum of these inputs was taken already");
            }
            float[] values = Native.floats(sum);
            release();
            addTransposed(values, size, (float) (factor / 2));
            return values;
        }
    }

    /// values = scale · (values + valuesᵀ), tile by tile, in place: these are the largest matrices of a compression.
    private static void addTransposed(float[] values, int size, float scale) {
        for (int top = 0; top < size; top += TILE) {
            for (int left = top; left < size; left += TILE) {
                for (int i = top; i < Math.min(size, top + TILE); i++) {
                    for (int j = Math.max(left, i); j < Math.min(size, left + TILE); j++) {
                        float both = (values[i * size + j] + values[j * size + i]) * scale;
                        values[i * size + j] = both;
                        values[j * size + i] = both;
                    }
                }
            }
        }
    }

    /// Begins to listen.
    public InputCapture(TorchBackend backend) {
        this.backend = backend;
        backend.tap(this::see);
    }

    private void see(Linear layer, Matrix x) {
        Inputs inputs = byLayer.get(layer.name());
        if (inputs == null) {
            inputs = x.equals(latest) && latestInputs != null ? latestInputs : new Inputs(x.cols());
            inputs.layers.add(layer.name());
            byLayer.put(layer.name(), inputs);
            if (inputs != latestInputs) {
                all.add(inputs);
            }
        }
        if (!x.equals(latest)) {
            try (PointerScope _ = new PointerScope()) {
                Tensor values = TorchMatrix.of(x);
                Native.expect((long) x.rows() * x.cols() * x.cols());
                Objects.requireNonNull(inputs.sum).addmm_(values.t(), values);
            }
        }
        latest = x;
        latestInputs = inputs;
    }

    /// The inputs seen, in the order in which they came.
    public List<Inputs> inputs() {
        return List.copyOf(all);
    }

    /// Stops listening.
    public void stop() {
        backend.tap(null);
    }

    /// Stops listening and frees the sums.
    @Override
    public void close() {
        stop();
        all.forEach(Inputs::release);
    }
}
