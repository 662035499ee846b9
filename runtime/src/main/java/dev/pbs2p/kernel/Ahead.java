package dev.pbs2p.kernel;

/// Memory that is fetched ahead while units that follow each other are worked on.
final class Ahead {

    /// How far ahead of a unit: two of the smallest units.
    static final int BYTES = 3328;

    private boolean wanted;
    private long at;
    private long end;
    private int unitBytes;
    /// From where the units end to where memory is read next.
    private long jump;

    /// Begins with the units of `bytes` bytes from address `from` to before `to`, after which memory is read at
    /// `after`.
    ///
    /// @param fetch whether anything is fetched at all
    void start(boolean fetch, long from, long to, int bytes, long after) {
        wanted = fetch;
        at = from + BYTES;
        end = to;
        unitBytes = bytes;
        jump = after - to;
    }

    /// Before each unit: fetches as much as that has.
    void next() {
        if (wanted) {
            Prefetch.lines(at < end ? at : at + jump, unitBytes);
            at += unitBytes;
        }
    }
}
