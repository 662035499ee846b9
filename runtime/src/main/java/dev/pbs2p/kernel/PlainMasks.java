package dev.pbs2p.kernel;

import dev.pbs2p.format.SlicedLayout;
import dev.pbs2p.format.SlicedLayout.Group;
import dev.pbs2p.format.SlicedLayout.Subblock;
import dev.pbs2p.tensor.PackedFormat;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// All masks of a packed linear, made once for [PlainMatmul]: a byte for each row, mask and slot, whose bits are the
/// slot's lanes. Those of a row of a unit lie together, mask by mask.
final class PlainMasks {

    private static final int ROWS = SlicedLayout.ROWS;
    private static final int SLOTS = SlicedLayout.MAX_SLOTS;
    /// Longs of a plane vector; a long holds eight rows.
    private static final int LONGS = ROWS / Long.BYTES;
    /// Compact planes of a subblock: sign and two of the segment.
    private static final int COMPACT = 3;

    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final SlicedLayout layout;
    private final PackedFormat format;
    private final int count;
    private final byte[] masks;

    /// Planes of a subblock as stored: compact planes, then at most two keep planes.
    private final long[] stored = new long[(COMPACT + 2) * SLOTS * LONGS];
    /// For each compact plane the bits that no slot has taken yet, of eight rows: each lane's next one is in the first.
    private final long[] queues = new long[COMPACT * SLOTS];

    PlainMasks(PackedLinear w) {
        this.layout = w.layout();
        this.format = w.weight().format();
        this.count = 2 * format.segments() + (format.salient() ? 3 : 0);
        this.masks = new byte[at(layout.rowUnits(), 0)];
        for (int unit = 0; unit < layout.rowUnits(); unit++) {
            for (int g = 0; g < layout.groups(); g++) {
                for (Subblock subblock : layout.group(g).subblocks()) {
                    subblock(w.weight().planes(), layout.offset(unit, g), subblock, at(unit, g), layout.group(g));
                }
            }
        }
    }

    byte[] bytes() {
        return masks;
    }

    /// Masks of a row.
    int count() {
        return count;
    }

    /// Where those of a unit begin: row by row, in each row mask by mask, in each mask slot by slot.
    int at(int unit, int g) {
        int slots = (layout.groups() - 1) * layout.group(0).slots()
                + layout.group(layout.groups() - 1).slots();
        return (unit * slots + g * layout.group(0).slots()) * count * ROWS;
    }

    private void subblock(MemorySegment planes, long unit, Subblock subblock, int to, Group group) {
        int slots = subblock.slots();
        int compact = 1 + SlicedLayout.segmentPlanes(format);
        int keeps = compact * subblock.kept() * LONGS;
        int longs = keeps + SlicedLayout.keepPlanes(format) * slots * LONGS;
        MemorySegment.copy(planes, LONG, unit + subblock.signs(), stored, 0, longs);
        for (int part = 0; part < LONGS; part++) {
            for (int p = 0; p < compact; p++) {
                for (int k = 0; k < subblock.kept(); k++) {
                    queues[p * SLOTS + k] = stored[(p * subblock.kept() + k) * LONGS + part];
                }
            }
            for (int slot = 0; slot < slots; slot++) {
                long low = format.dense() ? -1 : stored[keeps + slot * LONGS + part];
                long high = SlicedLayout.keepPlanes(format) == 2 ? stored[keeps + (slots + slot) * LONGS + part] : 0;
                int row = part * Long.BYTES;
                combine(low, high, to + row * count * group.slots() + subblock.firstSlot() + slot, group.slots());
                for (int p = 0; p < compact; p++) {
                    take(p * SLOTS, subblock.kept(), low | high);
                }
            }
        }
    }

    /// Moves the bits of the lanes that a slot keeps up by one.
    private void take(int queue, int kept, long keep) {
        for (int k = queue; k < queue + kept - 1; k++) {
            queues[k] ^= (queues[k] ^ queues[k + 1]) & keep;
        }
    }

    /// Writes the masks of a slot: for each segment s, P_s = kept, in s, sign 1, and K_s = kept, in s; with
    /// salient columns then P and Q = kept with first and second sign 1, and K = kept.
    ///
    /// @param low what is kept; with three segments in an N:M format, as is `high`, a bit of the symbol
    /// @param step from a mask of a row to its next
    private void combine(long low, long high, int to, int step) {
        int segments = format.segments();
        boolean symbols = SlicedLayout.keepPlanes(format) == 2;
        long keep = low | high;
        long sign = queues[0] & keep;
        long second = symbols ? high : queues[SLOTS] & keep;
        long segmentLow = segments == 1 ? 0 : symbols ? high & ~low : second;
        long segmentHigh = segments < 3 ? 0 : symbols ? high & low : queues[2 * SLOTS];
        for (int s = 0; s < segments; s++) {
            long there = keep & ((s & 1) == 1 ? segmentLow : ~segmentLow) & ((s & 2) == 2 ? segmentHigh : ~segmentHigh);
            store(there & sign, to + 2 * s * step, step);
            store(there, to + (2 * s + 1) * step, step);
        }
        if (format.salient()) {
            store(sign, to + 2 * segments * step, step);
            store(second, to + (2 * segments + 1) * step, step);
            store(keep, to + (2 * segments + 2) * step, step);
        }
    }

    /// A mask of eight rows.
    private void store(long mask, int to, int step) {
        for (int row = 0; row < Long.BYTES; row++) {
            masks[to + row * count * step] = (byte) (mask >>> (row * Byte.SIZE));
        }
    }
}
