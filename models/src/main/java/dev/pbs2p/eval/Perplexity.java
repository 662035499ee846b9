package dev.pbs2p.eval;

import dev.pbs2p.generate.Model;
import java.util.List;

/// exp(mean negative log-likelihood) of a text under a model.
///
/// @param stderr standard error of the perplexity, windows taken as independent; NaN for a single window
/// @param tokens scored predictions
/// @param protocol how it was measured, one line for people
public record Perplexity(double perplexity, double stderr, long tokens, int windows, int window, String protocol) {

    /// Measures a text; the result does not depend on the number of threads.
    ///
    /// @param text its token ids, without BOS
    /// @param progress hears the running estimate of the perplexity
    /// @throws IllegalArgumentException if the text is shorter than one window or the window longer than
    ///     the context
    public static Perplexity of(Model model, int[] text, Protocol protocol, Progress progress) {
        WindowRun run = new WindowRun(
                List.of(model),
                protocol,
                (logits, at, target) -> Softmax.logSum(logits[0], at, model.vocabulary()) - logits[0][at + target]);
        WindowMeans means = run.over(text, progress, Math::exp);
        int windows = means.windows();
        double perplexity = Math.exp(means.mean());
        // d exp(x) = exp(x) dx
        double stderr = perplexity * means.standardError();
        long tokens = (long) windows * protocol.predictions();
        return new Perplexity(perplexity, stderr, tokens, windows, protocol.window(), protocol.describe(windows));
    }
}
