package dev.pbs2p.eval;

/// Hears how far a measurement is.
@FunctionalInterface
public interface Progress {

    /// Called after every batch of windows or questions, on the calling thread.
    ///
    /// @param done windows or questions scored so far
    /// @param total of them to score
    /// @param estimate the result if it ended now
    void update(int done, int total, double estimate);
}
