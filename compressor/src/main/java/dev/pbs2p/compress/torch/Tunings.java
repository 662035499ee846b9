package dev.pbs2p.compress.torch;

import dev.pbs2p.generate.Model;
import dev.pbs2p.kernel.Matrix;
import dev.pbs2p.tensor.Codes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/// What is tuned, and towards what: a transformer block, or a whole model.
public final class Tunings {

    /// Values of the hidden states that go through a block at once: a gradient needs some 25 times their memory.
    private static final int PASS_VALUES = 1 << 21;

    private Tunings() {}

    /// Tunes one transformer block: fed `inputs` (what its compressed predecessors give), it should give `targets`
    /// (what the original block gives on the original model's own states), in mean squared error.
    ///
    /// @param models the model, and others like it that take gradients side by side with it
    /// @param inputs values of one window's rows, by window
    /// @param targets the same
    public static Tuning block(
            List<Model> models,
            int block,
            Map<String, Codes> codes,
            IntFunction<float[]> inputs,
            IntFunction<float[]> targets,
            int window) {
        int together = Math.max(1, PASS_VALUES / inputs.apply(0).length);
        List<Replica> replicas = new ArrayList<>();
        for (Model model : models) {
            TorchBackend backend = (TorchBackend) model.backend();
            Replica.Objective error = windows -> {
                Matrix x = states(backend, inputs, windows, window);
                Matrix y = states(backend, targets, windows, window);
                Matrix out = model.block(block, x, backend.window(windows.length));
                return torch.mse_loss(TorchMatrix.of(out), TorchMatrix.of(y));
            };
            replicas.add(new Replica(backend, error, together));
        }
        // Biases of the linears stay.
        List<String> norms = models.getFirst().vectors(block).stream()
                .filter(replicas.getFirst().backend().vectors()::contains)
                .toList();
        return new Tuning(replicas, codes, norms);
    }

    private static Matrix states(TorchBackend backend, IntFunction<float[]> states, int[] windows, int window) {
        float[][] parts = Arrays.stream(windows).mapToObj(states).toArray(float[][]::new);
        int size = parts[0].length;
        float[] all = new float[windows.length * size];
        for (int i = 0; i < parts.length; i++) {
            System.arraycopy(parts[i], 0, all, i * size, size);
        }
        return backend.matrix(all, windows.length * window, size / window);
    }

    /// Tunes all linears and norms of a model against the original's next-token distributions: mean KL divergence.
    ///
    /// @param models the model, and others like it that take gradients side by side with it
    /// @param originals as many, of which only the last norm and the head are used
    /// @param ids token ids of the windows, one after another
    /// @param states that leave the original's last block: values of one window's rows, by window
    public static Tuning model(
            List<Model> models,
            List<Model> originals,
            Map<String, Codes> codes,
            int[] ids,
            IntFunction<float[]> states,
            int window) {
        List<Replica> replicas = new ArrayList<>();
        for (int i = 0; i < models.size(); i++) {
            Model model = models.get(i);
            Model original = originals.get(i);
            TorchBackend backend = (TorchBackend) model.backend();
            Replica.Objective divergence = windows -> {
                int[] tokens = Arrays.stream(windows)
                        .flatMap(w -> Arrays.stream(ids, w * window, (w + 1) * window))
                        .toArray();
                Tensor target = Predictions.logProbabilities(original, states(backend, states, windows, window));
                Matrix out = model.forward(tokens, backend.window(windows.length));
                return Predictions.divergence(target, Predictions.logProbabilities(model, out));
            };
            replicas.add(new Replica(backend, divergence, Integer.MAX_VALUE));
        }
        return new Tuning(replicas, codes, replicas.getFirst().backend().vectors());
    }
}
