package dev.pbs2p.compress;

import dev.pbs2p.tensor.PackedFormat;
import java.util.ArrayList;
import java.util.List;

/// The N:M groups of one column group of a format: sets of columns, each with the number of weights that a row keeps
/// in it.
///
/// A full set has M columns and keeps N. Where the column group is short, a set of c < M columns keeps ceil(c·N/M).
/// Columns are counted from the beginning of the column group, ascending within a set; every column is in exactly one
/// set. A dense format (N = M) has no sets: nothing is pruned.
public final class NmGroups {

    /// A slot of the packed layout: neighbouring columns that share a byte.
    private static final int SLOT = 8;

    private final int[][] columns;
    private final int[] kept;

    private NmGroups(List<int[]> columns, PackedFormat format) {
        this.columns = columns.toArray(int[][]::new);
        kept = columns.stream()
                .mapToInt(set -> Math.ceilDiv(set.length * format.n(), format.m()))
                .toArray();
    }

    /// The sets of a column group of `width` columns (`format.group()`, or less for the last one of a row).
    public static NmGroups of(PackedFormat format, int width) {
        if (width < 1 || width > format.group()) {
            throw new IllegalArgumentException("a column group has 1 to " + format.group() + " columns, not " + width);
        }
        List<int[]> sets = new ArrayList<>();
        if (!format.dense()) {
            // Strided: one column of M slots of 8 columns; consecutive: M neighbours.
            int span = format.strided() ? SLOT * format.m() : format.m();
            for (int start = 0; start < width; start += span) {
                int end = Math.min(width, start + span);
                int stride = format.strided() ? SLOT : 1;
                for (int first = start; first < Math.min(end, start + stride); first++) {
                    sets.add(progression(first, end, stride));
                }
            }
        }
        return new NmGroups(sets, format);
    }

    /// How many sets there are.
    public int count() {
        return columns.length;
    }

    /// The columns of a set, not to be changed.
    public int[] columns(int set) {
        return columns[set];
    }

    /// How many weights a row keeps in a set.
    public int kept(int set) {
        return kept[set];
    }

    /// The most weights that a set loses: M - N, the number of sub-masks of the stepwise pruning (eq. 4).
    int steps() {
        int most = 0;
        for (int set = 0; set < columns.length; set++) {
            most = Math.max(most, columns[set].length - kept[set]);
        }
        return most;
    }

    private static int[] progression(int first, int end, int stride) {
        int[] out = new int[Math.ceilDiv(end - first, stride)];
        for (int i = 0; i < out.length; i++) {
            out[i] = first + i * stride;
        }
        return out;
    }
}
