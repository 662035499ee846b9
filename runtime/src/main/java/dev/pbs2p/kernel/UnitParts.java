package dev.pbs2p.kernel;

import java.util.Arrays;
import java.util.List;

/// Shares the row units of some packed linears out to threads, in parts of neighbouring units that any thread
/// can take. Of a part at work, units may be split off from a column group on.
///
/// A part lies within a block, whose units memory holds together: where two threads read one block, each finds
/// its own way to the same pages. And a part may have activations to encode, which takes about as long as a unit
/// does. So parts are whole blocks while every thread gets as many of these as any other; the rest is cut into as
/// many shares of equal work as there are threads.
final class UnitParts {

    /// Where a part lies: the linear's number, its first unit, the unit behind its last, its first column group, and
    /// who has the sums of the groups before.
    private static final int FIELDS = 5;
    /// Most parts that are split off others.
    private static final int MOST_SPLIT = 64;

    private static final int NOBODY = -1;

    private int[] parts = new int[0];
    private int count;
    private int cut;

    /// Cuts anew; the parts of before are gone.
    ///
    /// @param block units of a block
    void cut(List<PackedLinear> linears, int threads, int block) {
        count = 0;
        int whole = 0;
        for (PackedLinear linear : linears) {
            whole += linear.layout().rowUnits() / block;
        }
        whole -= whole % threads;
        long work = threads - 1L; // of the rest: units, and one for each part
        for (int i = 0; i < linears.size(); i++) {
            int units = linears.get(i).layout().rowUnits();
            int mine = Math.min(units / block, whole - count);
            for (int part = 0; part < mine; part++) {
                add(i, part * block, (part + 1) * block);
            }
            int rest = units - mine * block;
            work += rest + Math.ceilDiv(rest, block);
        }
        share(linears, threads, block, work);
        cut = count;
    }

    /// Cuts what comes behind the whole blocks.
    private void share(List<PackedLinear> linears, int threads, int block, long work) {
        int whole = count;
        int share = 1;
        long done = 0;
        for (int i = 0; i < linears.size(); i++) {
            int units = linears.get(i).layout().rowUnits();
            int blocks = Math.min(units / block, whole);
            whole -= blocks;
            int first = blocks * block;
            while (first < units) {
                long left = work * share / threads - done - 1;
                int most = Math.min(units - first, block - first % block);
                int mine = share == threads ? most : (int) Math.min(most, left);
                if (mine > 0) {
                    add(i, first, first + mine);
                    done += mine + 1;
                    first += mine;
                }
                if (mine < most) {
                    share++;
                }
            }
        }
    }

    private void add(int linear, int first, int end) {
        int needed = (count + 1 + MOST_SPLIT) * FIELDS;
        if (parts.length < needed) {
            parts = Arrays.copyOf(parts, 2 * needed);
        }
        add(linear, first, end, 0, NOBODY);
    }

    private void add(int linear, int first, int end, int group, int giver) {
        int at = count++ * FIELDS;
        parts[at] = linear;
        parts[at + 1] = first;
        parts[at + 2] = end;
        parts[at + 3] = group;
        parts[at + 4] = giver;
    }

    /// Adds a part that `giver` splits off its own; false if there are too many already. One thread at a time may do
    /// so, while others read the parts before.
    boolean split(int linear, int first, int end, int group, int giver) {
        if (count - cut == MOST_SPLIT) {
            return false;
        }
        add(linear, first, end, group, giver);
        return true;
    }

    /// Forgets the parts that were split off.
    void restart() {
        count = cut;
    }

    int count() {
        return count;
    }

    /// The number of the linear of a part.
    int linear(int part) {
        return parts[part * FIELDS];
    }

    /// The first unit of a part.
    int first(int part) {
        return parts[part * FIELDS + 1];
    }

    /// The unit behind the last of a part.
    int end(int part) {
        return parts[part * FIELDS + 2];
    }

    /// The column group it begins with.
    int group(int part) {
        return parts[part * FIELDS + 3];
    }

    /// Whether the groups before are summed already, by its [#giver].
    boolean begun(int part) {
        return giver(part) != NOBODY;
    }

    int giver(int part) {
        return parts[part * FIELDS + 4];
    }
}
