package dev.pbs2p.compress.torch;

import dev.pbs2p.generate.Model;
import dev.pbs2p.kernel.Matrix;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/// What a model predicts for some windows, kept to compare other models' predictions with it.
public final class Predictions implements AutoCloseable {

    private final int windows;
    private final Tensor logProbabilities;

    /// @param ids token ids of the windows, one after another
    public Predictions(Model model, int[] ids, int windows) {
        this.windows = windows;
        try (NoGradGuard _ = new NoGradGuard();
                PointerScope _ = new PointerScope()) {
            logProbabilities =
                    logProbabilities(model, model.forward(ids, model.backend().window(windows)));
            logProbabilities.retainReference();
        }
    }

    /// The mean KL divergence (nats a token) of a model's predictions from these.
    ///
    /// @param block from which to run the model
    /// @param states that enter this block, of the same windows
    public double divergence(Model model, int block, float[] states) {
        try (NoGradGuard _ = new NoGradGuard();
                PointerScope _ = new PointerScope()) {
            int rows = Math.toIntExact(logProbabilities.size(0));
            Matrix x = model.backend().matrix(states, rows, states.length / rows);
            for (int b = block; b < model.blocks(); b++) {
                x = model.block(b, x, model.backend().window(windows));
            }
            return divergence(logProbabilities, logProbabilities(model, x)).item_double();
        }
    }

    /// tokens × vocabulary, of states that have left the last block.
    static Tensor logProbabilities(Model model, Matrix states) {
        return torch.log_softmax(TorchMatrix.of(model.logits(states)), 1);
    }

    /// The mean KL divergence of one prediction from another, both tokens × vocabulary: a scalar.
    static Tensor divergence(Tensor original, Tensor other) {
        return original.exp().mul(original.sub(other)).sum().div(new Scalar((double) original.size(0)));
    }

    @Override
    public void close() {
        logProbabilities.releaseReference();
    }
}
