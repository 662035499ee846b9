package dev.pbs2p.compress.torch;

import dev.pbs2p.compress.TunedLinear;
import dev.pbs2p.compress.TuningSchedule;
import dev.pbs2p.compress.TuningState;
import dev.pbs2p.tensor.Codes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import java.util.function.ToDoubleBiFunction;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

/// Moves the levels of compressed linears and the norms beside them down the gradient of an objective, and lets the
/// codes follow (algorithm.md section 14, steps 7 and 8, and [TunedLinear]).
///
/// One window in ten is held out, and decides: the result is whatever had the lowest objective there as stored, levels
/// rounded, be it the start.
public final class Tuning {

    /// Norms move on their own scale, about 1, and more slowly than levels.
    private static final double NORM_RATE = 0.3;

    private final List<Replica> replicas;
    private final Map<String, TunedLinear> linears = new LinkedHashMap<>();
    private final double[] gaps; // between the levels of each linear before tuning
    private final List<String> vectors;
    private final TuningState state;
    private final float[] scratch; // a linear's weights or their gradient

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

    /// @param replicas that share the windows of a step; the first one knows the vectors
    /// @param codes of the linears that move, by name
    /// @param vectors names of the parameter vectors that move
    Tuning(List<Replica> replicas, Map<String, Codes> codes, List<String> vectors) {
        this.replicas = replicas;
        TorchBackend backend = replicas.getFirst().backend();
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

    /// Where a saved run can be continued: [TuningState#restore] before [#run].
    public TuningState state() {
        return state;
    }

    /// Tunes for the epochs that are left, and leaves the backends with the outcome.
    ///
    /// @param windows number of windows
    /// @param endOfEpoch is handed the state after every epoch, to save it
    public Outcome run(int windows, TuningSchedule schedule, Progress progress, Consumer<TuningState> endOfEpoch) {
        int threads = Native.threads();
        if (replicas.size() > 1) {
            Native.threads(1); // each replica on a thread of its own
        }
        try (ExecutorService helpers = Executors.newCachedThreadPool()) {
            run(windows, schedule, progress, endOfEpoch, helpers);
            return outcome();
        } finally {
            Native.threads(threads);
        }
    }

    private void run(
            int windows,
            TuningSchedule schedule,
            Progress progress,
            Consumer<TuningState> endOfEpoch,
            Executor helpers) {
        int[] order = WindowOrder.shuffled(windows, schedule.seed());
        int held = Math.max(1, windows / 10);
        int[] heldOut = Arrays.copyOf(order, held);
        int[] training = Arrays.copyOfRange(order, held, windows);
        if (Double.isNaN(state.before())) {
            state.begin(heldOutLoss(heldOut, schedule.batch(), helpers));
        }
        double[] rates = rates(schedule.rate());
        int perEpoch = (training.length + schedule.batch() - 1) / schedule.batch();
        int total = perEpoch * schedule.epochs();
        while (training.length > 0 && state.epochs() < schedule.epochs()) {
            int[] epoch = WindowOrder.permuted(training, schedule.seed() + state.epochs() + 1);
            for (int[] batch : WindowOrder.batches(epoch, schedule.batch())) {
                double factor = schedule.factor(state.steps() + 1, total);
                double loss = step(
                        batch, Arrays.stream(rates).map(rate -> rate * factor).toArray(), helpers);
                progress.step(state.steps(), total, loss);
            }
            state.endEpoch(heldOutLoss(heldOut, schedule.batch(), helpers));
            endOfEpoch.accept(state);
        }
    }

    /// One rate an array; that of a linear is relative to its gaps.
    private double[] rates(double rate) {
        double[] rates = new double[linears.size() + vectors.size()];
        Arrays.setAll(rates, k -> rate * (k < gaps.length ? gaps[k] : NORM_RATE));
        return rates;
    }

    private double step(int[] batch, double[] rates, Executor helpers) {
        try (PointerScope _ = new PointerScope()) {
            bindLeaves();
            List<int[]> shares = shares(batch);
            double loss = sum(shares, helpers, (replica, windows) -> replica.addGradients(windows, batch.length));
            state.nextStep();
            int k = 0;
            for (TunedLinear linear : linears.values()) {
                Native.floats(gradient(k, shares.size()), scratch);
                state.move(k, linear, scratch, rates[k]);
                k++;
            }
            for (; k < rates.length; k++) {
                state.move(k, Native.floats(gradient(k, shares.size())), rates[k]);
            }
            return loss;
        }
    }

    /// What each replica takes of some windows; there may be fewer shares than replicas.
    private List<int[]> shares(int[] windows) {
        return WindowOrder.batches(windows, Math.ceilDiv(windows.length, replicas.size()));
    }

    /// The sum of what the replicas give for their shares, taken in their order.
    private double sum(List<int[]> shares, Executor helpers, ToDoubleBiFunction<Replica, int[]> task) {
        List<CompletableFuture<Double>> others = new ArrayList<>();
        for (int i = 1; i < shares.size(); i++) {
            Replica replica = replicas.get(i);
            int[] share = shares.get(i);
            others.add(CompletableFuture.supplyAsync(() -> task.applyAsDouble(replica, share), helpers));
        }
        double sum = task.applyAsDouble(replicas.getFirst(), shares.getFirst());
        try {
            for (CompletableFuture<Double> other : others) {
                sum += other.join();
            }
        } catch (CompletionException e) {
            if (e.getCause() instanceof Error cause) {
                throw cause;
            }
            throw e.getCause() instanceof RuntimeException cause ? cause : e;
        }
        return sum;
    }

    /// The sum of the gradients of leaf `k` that the first `count` replicas have.
    private Tensor gradient(int k, int count) {
        Tensor gradient = replicas.getFirst().gradient(k);
        for (int i = 1; i < count; i++) {
            gradient.add_(replicas.get(i).gradient(k));
        }
        return gradient;
    }

    /// Binds the weights and vectors as they are now, so that their gradients can be asked for.
    private void bindLeaves() {
        replicas.forEach(Replica::clear);
        int k = 0;
        for (Map.Entry<String, TunedLinear> linear : linears.entrySet()) {
            Tensor values = dense(
                    linear.getValue(), state.parameters().get(k), state.codes().get(k));
            replicas.forEach(replica -> replica.bindLeaf(linear.getKey(), values));
            k++;
        }
        for (String name : vectors) {
            float[] values = state.parameters().get(k++);
            Tensor vector = Native.tensor(values, 1, values.length);
            replicas.forEach(replica -> replica.bindLeaf(name, vector));
        }
    }

    private Tensor dense(TunedLinear linear, float[] levels, byte[] codes) {
        linear.dense(levels, codes, scratch);
        return Native.slice(scratch, 0, linear.rows() * linear.cols(), linear.rows(), linear.cols());
    }

    /// The objective over some windows, with levels and vectors rounded as they are stored.
    private double heldOutLoss(int[] windows, int batch, Executor helpers) {
        store(state.parameters(), state.codes());
        return sum(shares(windows), helpers, (replica, share) -> replica.loss(share, batch)) / windows.length;
    }

    /// Gives the backends what a file would hold.
    private void store(List<float[]> parameters, List<byte[]> codes) {
        int k = 0;
        for (Map.Entry<String, TunedLinear> linear : linears.entrySet()) {
            TunedLinear rounded = new TunedLinear(linear.getValue().rounded(parameters.get(k), codes.get(k)));
            try (PointerScope _ = new PointerScope()) {
                Tensor values = dense(rounded, rounded.levels(), codes.get(k));
                replicas.forEach(replica -> replica.backend().bind(linear.getKey(), values));
            }
            k++;
        }
        for (String name : vectors) {
            float[] values = half(parameters.get(k++));
            replicas.forEach(replica -> replica.backend().replace(name, values));
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
