package dev.pbs2p.eval;

import dev.pbs2p.generate.Model;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;

/// How far a model's predictions are from those of a reference.
///
/// @param divergence mean KL(reference ‖ model) of the next-token distributions, in nats
/// @param stderr standard error of the mean, windows taken as independent; NaN for a single window
/// @param agreement share of predictions in which both rank the same token first, 0 to 1
/// @param tokens scored predictions
/// @param protocol how it was measured, one line for people
public record KlDivergence(
        double divergence, double stderr, double agreement, long tokens, int windows, int window, String protocol) {

    /// Measures both models over the same windows, side by side; nothing is written to disk.
    ///
    /// @param text its token ids, without BOS
    /// @param progress hears the running estimate of the divergence
    /// @throws IllegalArgumentException if the text is shorter than one window, the window longer than a
    ///     context, or the vocabularies differ
    public static KlDivergence of(Model reference, Model model, int[] text, Protocol protocol, Progress progress) {
        int vocabulary = model.vocabulary();
        LongAdder agreed = new LongAdder();
        WindowRun run = new WindowRun(List.of(reference, model), protocol, (logits, at, target) -> {
            if (Softmax.top(logits[0], at, vocabulary) == Softmax.top(logits[1], at, vocabulary)) {
                agreed.increment();
            }
            return Softmax.divergence(logits[0], logits[1], at, vocabulary);
        });
        WindowMeans means = run.over(text, progress, mean -> mean);
        int windows = means.windows();
        long tokens = (long) windows * protocol.predictions();
        return new KlDivergence(
                means.mean(),
                means.standardError(),
                (double) agreed.sum() / tokens,
                tokens,
                windows,
                protocol.window(),
                protocol.describe(windows));
    }
}
