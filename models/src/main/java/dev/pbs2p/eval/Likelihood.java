package dev.pbs2p.eval;

/// How likely a continuation is.
///
/// @param logLikelihood natural logarithm of its probability, given the context
/// @param greedy whether each of its tokens is the likeliest
/// @param tokens it consists of
public record Likelihood(double logLikelihood, boolean greedy, int tokens) {

    /// Of an empty continuation.
    static final Likelihood NONE = new Likelihood(0, true, 0);

    /// This continuation and then another one.
    Likelihood and(Likelihood next) {
        return new Likelihood(logLikelihood + next.logLikelihood, greedy && next.greedy, tokens + next.tokens);
    }
}
