package dev.pbs2p.kernel;

import java.util.Arrays;
import java.util.List;

/// Shares the row units of some packed linears out to threads, in parts of neighbouring units that any thread
/// can take.
///
/// A part lies within a block, whose units memory holds together. Activations are encoded once for each part,
/// which takes about as long as a unit does. So parts are whole blocks while every thread gets as many of
/// these as any other; the rest is cut into as many shares of equal work as there are threads.
final class UnitParts {

    /// Where a part lies: the linear's number, its first unit, and the unit behind its last.
    private static final int FIELDS = 3;

    private int[] parts = new int[16 * FIELDS];
    private int count;

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
        int at = count++ * FIELDS;
        if (at == parts.length) {
            parts = Arrays.copyOf(parts, 2 * at);
        }
        parts[at] = linear;
        parts[at + 1] = first;
        parts[at + 2] = end;
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
}
