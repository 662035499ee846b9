package dev.pbs2p.tensor;

/// How the codes of a linear are made and laid out (algorithm.md's terms; storage in `dev.pbs2p.format`).
///
/// @param n kept weights in every group of `m`; `n == m` means no pruning (dense)
/// @param m 4, 8 or 16
/// @param strided whether an N:M group is one column of `m` slots of 8 columns (column, column + 8, …), or `m`
///     consecutive columns
/// @param group input columns that share one set of levels (32 to 512, a multiple of `8 * m` unless dense)
/// @param segments codebook segments, 1 to 4; each has two levels mu - alpha and mu + alpha
/// @param symmetric whether every mu is 0 and not stored
/// @param salient whether some columns of each group (shared by its rows) are binarised twice:
///     mu + alpha1·b1 + alpha2·b2
public record PackedFormat(int n, int m, boolean strided, int group, int segments, boolean symmetric, boolean salient) {

    public PackedFormat {
        if (m != 4 && m != 8 && m != 16) {
            throw new IllegalArgumentException("N:M needs M = 4, 8 or 16, not " + m);
        }
        if (n < 1 || n > m) {
            throw new IllegalArgumentException("N:M needs 1 <= N <= M, not " + n + ":" + m);
        }
        if (segments < 1 || segments > 4) {
            throw new IllegalArgumentException("segments must be 1 to 4, not " + segments);
        }
        if (group < 32 || group > 512 || Integer.bitCount(group) != 1) {
            throw new IllegalArgumentException("the group size must be 32, 64, 128, 256 or 512, not " + group);
        }
        if (n < m && group < 8 * m) {
            throw new IllegalArgumentException("a group of " + group + " columns is too small for " + n + ":" + m
                    + ", which is stored in slots of 8 columns: use a group of at least " + 8 * m);
        }
    }

    /// Whether every weight is kept.
    public boolean dense() {
        return n == m;
    }

    /// 8-bit parameters a row stores for each group: alpha (and mu) of every segment, then alpha1, alpha2 (and mu) of
    /// the salient columns.
    public int parameters() {
        int perSegment = symmetric ? 1 : 2;
        return segments * perSegment + (salient ? (symmetric ? 2 : 3) : 0);
    }

    /// Groups in a row of `cols` columns; the last one may be short.
    public int groups(int cols) {
        return Math.ceilDiv(cols, group);
    }

    /// All of it in words, for example `8:16 strided, group 128, 1 segment, free levels`.
    public String describe() {
        return pattern() + (dense() ? "" : strided ? " strided" : " consecutive") + ", group " + group + ", " + segments
                + (segments == 1 ? " segment, " : " segments, ") + (symmetric ? "symmetric" : "free") + " levels"
                + (salient ? ", salient columns" : "");
    }

    /// `8:16`, `4:8`, …; `dense` when nothing is pruned.
    public String pattern() {
        return dense() ? "dense" : n + ":" + m;
    }
}
