package dev.pbs2p.eval;

import java.util.List;
import java.util.function.IntToDoubleFunction;

/// A question and how likely a model finds each of its continuations.
public record Answer(Question question, List<Likelihood> likelihoods) {

    /// Whether the likeliest continuation is the right one.
    public boolean right() {
        return best(i -> likelihoods.get(i).logLikelihood()) == question.gold();
    }

    /// Whether the continuation with the largest log-likelihood a character of its choice is the right one.
    public boolean rightByLength() {
        return best(i -> likelihoods.get(i).logLikelihood()
                        / PythonText.length(question.choices().get(i)))
                == question.gold();
    }

    /// The first of the largest scores.
    private int best(IntToDoubleFunction score) {
        int best = 0;
        for (int i = 1; i < likelihoods.size(); i++) {
            best = score.applyAsDouble(i) > score.applyAsDouble(best) ? i : best;
        }
        return best;
    }
}
