package dev.pbs2p.compress.torch;

import dev.pbs2p.compress.TunedLinear;
import dev.pbs2p.compress.TuningSchedule;
import dev.pbs2p.compress.TuningState;
import dev.pbs2p.generate.Model;
import dev.pbs2p.kernel.Matrix;
import dev.pbs2p.tensor.Codes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/// Moves the levels of compressed linears and the norms beside them down the gradient of an objective, and lets the
/// codes follow (algorithm.md section 14, steps 7 and 8, and [TunedLinear]).
///
/// One window in ten is held out, and decides: the result is whatever had the lowest objective there as stored, levels
/// rounded, be it the start.
public final class Tuning {

    /// Norms move on their own scale, about 1, and more slowly than levels.
    private static final double NORM_RATE = 0.3;

    /// Values of the hidden states that go through a block at once: a gradient needs some 25 times their memory.
    private static final int PASS_VALUES = 1 << 21;

    private final TorchBackend backend;
    private final Objective objective;
    private final int together; // windows at once
    private final Map<String, TunedLinear> linears = new LinkedHashMap<>();
    private final double[] gaps; // between the levels of each linear before tuning
    private final List<String> vectors;
    private final TuningState state;
    private final float[] scratch; // a linear's weights or their gradient

    /// What is lowered: a scalar tensor for some of the windows, by index; of all windows, their mean.
    interface Objective {
        Tensor of(int[] windows);
    }

    /// Hears about every step.
    public interface Progress {

        /// A step is done.
        ///
        /// @param loss of the step's windows
        void step(int step, int steps, double loss);
    }

    /// What tuning gives.
    ///
    /// @param before objective on the held-out windows, as stored, before
    /// @param after the same, after
    /// @param codes every linear with its tuned levels and codes
    /// @param vectors every tuned parameter vector, rounded to float16
    public record Outcome(double before, double after, Map<String, Codes> codes, Map<String, float[]> vectors) {}

    /// @param together the most windows that are handed to the objective at once
    /// @param codes of the linears that move, by name
    /// @param vectors names of the parameter vectors that move
    Tuning(TorchBackend backend, Objective objective, int together, Map<String, Codes> codes, List<String> vectors) {
        this.backend = backend;
        this.objective = objective;
        this.together = together;
        this.vectors = List.copyOf(vectors);
        codes.forEach((name, value) -> linears.put(name, new TunedLinear(value)));
        List<float[]> start = new ArrayList<>();
        gaps = new double[linears.size()];
        for (TunedLinear linear : linears.values()) {
            float[] levels = linear.levels();
            gaps[start.size()] = linear.meanGap(levels);
            start.add(levels);
        }
        vectors.forEach(name -> start.add(backend.values(name)));
        this.state =
                new TuningState(start, codes.values().stream().map(Codes::code).toList());
        this.scratch = new float
                [codes.values().stream()
                        .mapToInt(code -> code.code().length)
                        .max()
                        .orElse(0)];
    }

    /// Tunes one transformer block: fed `inputs` (what its compressed predecessors give), it should give `targets`
    /// (what the original block gives on the original model's own states), in mean squared error.
    ///
    /// @param inputs values of one window's rows, by window
    /// @param targets the same
    public static Tuning ofBlock(
            Model model,
            int block,
            Map<String, Codes> codes,
            IntFunction<float[]> inputs,
            IntFunction<float[]> targets,
            int window) {
        TorchBackend backend = (TorchBackend) model.backend();
        Objective error = windows -> {
            Matrix x = states(backend, inputs, windows, window);
            Matrix y = states(backend, targets, windows, window);
            Matrix out = model.block(block, x, backend.window(windows.length));
            return torch.mse_loss(TorchMatrix.of(out), TorchMatrix.of(y));
        };
        // Biases of the linears stay.
        List<String> norms = model.vectors(block).stream()
                .filter(backend.vectors()::contains)
                .toList();
        int together = Math.max(1, PASS_VALUES / inputs.apply(0).length);
        return new Tuning(backend, error, together, codes, norms);
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
    /// @param original of which only the last norm and the head are used
    /// @param ids token ids of the windows, one after another
    /// @param states that leave the original's last block: values of one window's rows, by window
    public static Tuning ofModel(
            Model model, Model original, Map<String, Codes> codes, int[] ids, IntFunction<float[]> states, int window) {
        TorchBackend backend = (TorchBackend) model.backend();
        Objective divergence = windows -> {
            int[] tokens = Arrays.stream(windows)
                    .flatMap(w -> Arrays.stream(ids, w * window, (w + 1) * window))
                    .toArray();
            Tensor target = Predictions.logProbabilities(original, states(backend, states, windows, window));
            Matrix out = model.forward(tokens, backend.window(windows.length));
            return Predictions.divergence(target, Predictions.logProbabilities(model, out));
        };
        return new Tuning(backend, divergence, Integer.MAX_VALUE, codes, backend.vectors());
    }

    /// Where a saved run can be continued: [TuningState#restore] before [#run].
    public TuningState state() {
        return state;
    }

    /// Tunes for the epochs that are left, and leaves the backend with the outcome.
    ///
    /// @param windows number of windows
    /// @param endOfEpoch is handed the state after every epoch, to save it
    public Outcome run(int windows, TuningSchedule schedule, Progress progress, Consumer<TuningState> endOfEpoch) {
        int[] order = WindowOrder.shuffled(windows, schedule.seed());
        int held = Math.max(1, windows / 10);
        int[] heldOut = Arrays.copyOf(order, held);
        int[] training = Arrays.copyOfRange(order, held, windows);
        if (Double.isNaN(state.before())) {
            state.begin(heldOutLoss(heldOut, schedule.batch()));
        }
        double[] rates = rates(schedule.rate());
        int perEpoch = (training.length + schedule.batch() - 1) / schedule.batch();
        int total = perEpoch * schedule.epochs();
        while (training.length > 0 && state.epochs() < schedule.epochs()) {
            int[] epoch = WindowOrder.permuted(training, schedule.seed() + state.epochs() + 1);
            for (int[] batch : WindowOrder.batches(epoch, schedule.batch())) {
                double factor = schedule.factor(state.steps() + 1, total);
                double loss = step(
                        batch, Arrays.stream(rates).map(rate -> rate * factor).toArray());
                progress.step(state.steps(), total, loss);
            }
            state.endEpoch(heldOutLoss(heldOut, schedule.batch()));
            endOfEpoch.accept(state);
        }
        return outcome();
    }

    /// One rate an array; that of a linear is relative to its gaps.
    private double[] rates(double rate) {
        double[] rates = new double[linears.size() + vectors.size()];
        Arrays.setAll(rates, k -> rate * (k < gaps.length ? gaps[k] : NORM_RATE));
        return rates;
    }

    private double step(int[] batch, double[] rates) {
        try (PointerScope _ = new PointerScope()) {
            List<Tensor> leaves = leaves();
            double loss = 0;
            for (int[] some : WindowOrder.batches(batch, together)) {
                loss += addGradients(some, (double) some.length / batch.length);
            }
            state.nextStep();
            int k = 0;
            for (TunedLinear linear : linears.values()) {
                Native.floats(leaves.get(k).grad(), scratch);
                state.move(k, linear, scratch, rates[k]);
                k++;
            }
            for (; k < leaves.size(); k++) {
                state.move(k, Native.floats(leaves.get(k).grad()), rates[k]);
            }
            return loss;
        }
    }

    /// Adds the gradients of a share of the objective to those that the leaves have.
    private double addGradients(int[] windows, double share) {
        try (PointerScope _ = new PointerScope()) {
            Tensor loss = objective.of(windows).mul(new Scalar(share));
            loss.backward();
            return loss.item_double();
        }
    }

    /// The weights and vectors as they are now, bound in the backend, so that their gradients can be asked for.
    private List<Tensor> leaves() {
        List<Tensor> leaves = new ArrayList<>();
        linears.forEach((name, linear) -> {
            int k = leaves.size();
            leaves.add(dense(linear, state.parameters().get(k), state.codes().get(k)));
            bind(name, leaves.getLast());
        });
        for (String name : vectors) {
            float[] values = state.parameters().get(leaves.size());
            leaves.add(Native.tensor(values, 1, values.length));
            bind(name, leaves.getLast());
        }
        return leaves;
    }

    private Tensor dense(TunedLinear linear, float[] levels, byte[] codes) {
        linear.dense(levels, codes, scratch);
        return Native.slice(scratch, 0, linear.rows() * linear.cols(), linear.rows(), linear.cols());
    }

    private void bind(String name, Tensor leaf) {
        backend.bind(name, leaf.set_requires_grad(true));
    }

    /// The objective over some windows, with levels and vectors rounded as they are stored.
    private double heldOutLoss(int[] windows, int batch) {
        store(state.parameters(), state.codes());
        double sum = 0;
        try (NoGradGuard _ = new NoGradGuard()) {
            for (int[] some : WindowOrder.batches(windows, Math.min(batch, together))) {
                try (PointerScope _ = new PointerScope()) {
                    sum += objective.of(some).item_double() * some.length;
                }
            }
        }
        return sum / windows.length;
    }

    /// Gives the backend what a file would hold.
    private void store(List<float[]> parameters, List<byte[]> codes) {
        int k = 0;
        for (Map.Entry<String, TunedLinear> linear : linears.entrySet()) {
            TunedLinear rounded = new TunedLinear(linear.getValue().rounded(parameters.get(k), codes.get(k)));
            try (PointerScope _ = new PointerScope()) {
                backend.bind(linear.getKey(), dense(rounded, rounded.levels(), codes.get(k)));
            }
            k++;
        }
        for (String name : vectors) {
            backend.replace(name, half(parameters.get(k++)));
        }
    }

    private Outcome outcome() {
        store(state.best(), state.bestCodes());
        Map<String, Codes> codes = new LinkedHashMap<>();
        Map<String, float[]> norms = new LinkedHashMap<>();
        int k = 0;
        for (Map.Entry<String, TunedLinear> linear : linears.entrySet()) {
            codes.put(
                    linear.getKey(),
                    linear.getValue()
                            .rounded(state.best().get(k), state.bestCodes().get(k)));
            k++;
        }
        for (String name : vectors) {
            norms.put(name, half(state.best().get(k++)));
        }
        return new Outcome(state.before(), state.bestLoss(), codes, norms);
    }

    private static float[] half(float[] values) {
        float[] out = new float[values.length];
        for (int i = 0; i < out.length; i++) {
            out[i] = Float.float16ToFloat(Float.floatToFloat16(values[i]));
        }
        return out;
    }
}
