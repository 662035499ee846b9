package dev.pbs2p.kernel;

/// Keys and values of the tokens already seen, for one or more sequences that run side by side.
///
/// Every layer of one forward pass appends at the same positions; [#advance] then moves them on.
public interface KvCache extends AutoCloseable {

    /// Sequences that run side by side; a batch's rows are the first sequence's tokens, then the second's, …
    int sequences();

    /// Tokens of a sequence seen so far: the position of its next token.
    int length(int sequence);

    /// Most tokens a sequence can hold; 0 for a window, which forgets what it has seen.
    int capacity();

    /// Moves every sequence on by `tokens`, after all layers have appended them.
    void advance(int tokens);

    /// Forgets the tokens of one sequence from position `length` on.
    void truncate(int sequence, int length);

    @Override
    void close();
}
