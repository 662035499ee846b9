package dev.pbs2p.eval;

import dev.pbs2p.generate.Model;
import dev.pbs2p.kernel.Backend;
import dev.pbs2p.kernel.KvCache;
import dev.pbs2p.kernel.Matrix;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;

/// Runs the windows of a text through one or more models side by side and scores their predictions, several windows a
/// pass, so that matrix products are large.
final class WindowRun {

    /// Tokens of one forward pass: enough rows to use a matrix kernel well.
    private static final int PASS_TOKENS = 2048;

    /// The score of one prediction.
    interface Score {
        /// Scores one prediction.
        ///
        /// @param logits of every model, slab rows × vocabulary
        /// @param at where the row of this prediction begins in each
        /// @param target the token that follows in the text
        double of(float[][] logits, int at, int target);
    }

    private final List<Model> models;
    private final Protocol protocol;
    private final Score score;

    /// @throws IllegalArgumentException if a model was made for shorter windows or the vocabularies differ
    WindowRun(List<Model> models, Protocol protocol, Score score) {
        this.models = models;
        this.protocol = protocol;
        this.score = score;
        int vocabulary = models.getFirst().vocabulary();
        for (Model model : models) {
            if (protocol.window() > model.context()) {
                throw new IllegalArgumentException("a window of " + protocol.window()
                        + " tokens is longer than the model's context of " + model.context() + ": use a window of "
                        + model.context() + " or less");
            }
            if (model.vocabulary() != vocabulary) {
                throw new IllegalArgumentException("the models have " + vocabulary + " and " + model.vocabulary()
                        + " tokens: only models with the same vocabulary can be compared");
            }
        }
    }

    /// @param text its ids, without BOS
    /// @param estimate what `progress` hears, from the mean score so far
    WindowMeans over(int[] text, Progress progress, DoubleUnaryOperator estimate) {
        int[] ids = protocol.windows(text);
        int total = ids.length / protocol.window();
        int batch = Math.max(1, PASS_TOKENS / protocol.window());
        double[] means = new double[total];
        try (LogitRows logits = new LogitRows(models)) {
            for (int done = 0; done < total; ) {
                int windows = Math.min(batch, total - done);
                int from = done * protocol.window();
                int[] some = Arrays.copyOfRange(ids, from, from + windows * protocol.window());
                double[] scores = pass(some, windows, logits);
                for (int w = 0; w < windows; w++) {
                    int at = w * protocol.predictions();
                    means[done + w] = Arrays.stream(scores, at, at + protocol.predictions())
                            .average()
                            .orElseThrow();
                }
                done += windows;
                double soFar = new WindowMeans(Arrays.copyOf(means, done)).mean();
                progress.update(done, total, estimate.applyAsDouble(soFar));
            }
        }
        return new WindowMeans(means);
    }

    /// Scores of all predictions that count in some windows.
    private double[] pass(int[] ids, int windows, LogitRows logits) {
        List<Backend.Scope> scopes = new ArrayList<>();
        try {
            List<Matrix> hidden = new ArrayList<>();
            for (Model model : models) {
                scopes.addLast(model.backend().scope());
                hidden.add(hidden(model, ids, windows));
            }
            int[] rows = scoredRows(windows);
            double[] scores = new double[rows.length];
            logits.show(hidden, rows, (i, values, at) -> scores[i] = score.of(values, at, ids[rows[i] + 1]));
            return scores;
        } finally {
            scopes.reversed().forEach(Backend.Scope::close);
        }
    }

    private int[] scoredRows(int windows) {
        int each = protocol.predictions();
        return IntStream.range(0, windows * each)
                .map(i -> i / each * protocol.window() + protocol.first() + i % each)
                .toArray();
    }

    private static Matrix hidden(Model model, int[] ids, int windows) {
        try (KvCache cache = model.backend().window(windows)) {
            return model.forward(ids, cache);
        }
    }
}
