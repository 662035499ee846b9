package dev.pbs2p.kernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static jdk.incubator.vector.VectorOperators.XOR;

import dev.pbs2p.format.SlicedLayout;
import dev.pbs2p.format.SlicedLayout.Subblock;
import dev.pbs2p.tensor.PackedFormat;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import jdk.incubator.vector.ByteVector;

/// Turns the stored planes of a unit into the masks whose sums a format needs.
///
/// Ordinary masks: for each segment s, P_s = kept, in s, sign 1; and K_s = kept, in s. When nothing is pruned K_0 is
/// what the other K_s leave of everything, and has no mask. Then, with salient columns, P and Q = kept with first and
/// second sign 1, and unless dense K = kept: these meet the salient columns' activations, the others meet the rest.
///
/// One instance a thread: it holds the planes of the subblock at hand, spread to a byte a row and slot.
final class MaskMaker {

    private static final int ROWS = SlicedLayout.ROWS;
    private static final int PLANE = SlicedLayout.MAX_SLOTS * ROWS;

    private static final int KEEP = 0;
    private static final int SIGN = PLANE;
    /// Whether the low, and the high, bit of the segment's number is set.
    private static final int SEGMENT_LOW = 2 * PLANE;
    private static final int SEGMENT_HIGH = 3 * PLANE;
    private static final int SECOND_SIGN = 4 * PLANE;

    /// A subblock as stored: at most a sign, two segment and two keep planes.
    private final byte[] stored = new byte[5 * PLANE];
    private final byte[] spread = new byte[5 * PLANE];

    /// Ordinary masks of a format.
    static int ordinary(PackedFormat format) {
        return 2 * format.segments() - (format.dense() ? 1 : 0);
    }

    /// Masks of a format that meet the salient columns.
    static int salient(PackedFormat format) {
        return !format.salient() ? 0 : format.dense() ? 2 : 3;
    }

    /// Makes the masks of a subblock. Slot `k` goes to slot `firstSlot + k` of `masks`.
    void make(PackedFormat format, MemorySegment planes, long unit, Subblock subblock, int firstSlot, Masks masks) {
        int slots = subblock.slots();
        int keeps = subblock.keeps() - subblock.signs();
        int bytes = keeps + SlicedLayout.keepPlanes(format) * slots * ROWS;
        MemorySegment.copy(planes, JAVA_BYTE, unit + subblock.signs(), stored, 0, bytes);
        if (Spreader.takes(format, subblock)) {
            Spreader.signsAndKeeps(stored, keeps, subblock.kept(), slots, masks.planes, firstSlot * masks.slotBytes());
            return;
        }
        if (format.dense()) {
            Arrays.fill(spread, KEEP, KEEP + slots * ROWS, (byte) -1);
        } else {
            keeps(format, keeps, slots);
        }
        int segments = subblock.segments() - subblock.signs();
        compact(format, 0, subblock, SIGN);
        if (SlicedLayout.segmentPlanes(format) > 0) {
            compact(format, segments, subblock, format.segments() == 1 ? SECOND_SIGN : SEGMENT_LOW);
        }
        if (SlicedLayout.segmentPlanes(format) > 1) {
            compact(format, segments + subblock.kept() * ROWS, subblock, SEGMENT_HIGH);
        }
        for (int at = 0; at < slots * ROWS; at += Species.BYTES.length()) {
            int to = (firstSlot + at / ROWS) * masks.slotBytes() + at % ROWS;
            combine(format, at, masks, to);
        }
    }

    private void keeps(PackedFormat format, int from, int slots) {
        int bytes = slots * ROWS;
        if (format.segments() == 3) {
            for (int at = 0; at < bytes; at += Species.BYTES.length()) {
                symbols(from + at, bytes, at);
            }
        } else {
            System.arraycopy(stored, from, spread, KEEP, bytes);
        }
    }

    /// Symbol 0 is pruned, 1 to 3 are segments 0 to 2; in a salient column 1 + second sign.
    private void symbols(int from, int bytes, int at) {
        ByteVector low = Spreader.load(stored, from);
        ByteVector high = Spreader.load(stored, from + bytes);
        ByteVector both = low.and(high);
        low.or(high).intoArray(spread, KEEP + at);
        high.lanewise(XOR, both).intoArray(spread, SEGMENT_LOW + at);
        both.intoArray(spread, SEGMENT_HIGH + at);
        high.intoArray(spread, SECOND_SIGN + at);
    }

    private void compact(PackedFormat format, int from, Subblock subblock, int to) {
        if (format.dense()) {
            System.arraycopy(stored, from, spread, to, subblock.slots() * ROWS);
        } else {
            Spreader.spread(stored, from, subblock.kept(), subblock.slots(), spread, KEEP, spread, to);
        }
    }

    private void combine(PackedFormat format, int at, Masks masks, int to) {
        int next = switch (format.segments()) {
            case 1 -> one(at, masks, to);
            case 2 -> two(at, masks, to);
            case 3 -> three(at, masks, to);
            default -> four(at, masks, to);
        };
        if (!format.dense()) {
            int segments = format.segments();
            rest(at, segments, masks, to);
            next += ROWS;
        }
        if (format.salient()) {
            int second =
                    format.segments() == 1 || (format.segments() == 3 && !format.dense()) ? SECOND_SIGN : SEGMENT_LOW;
            put(Spreader.load(spread, SIGN + at), masks, next);
            put(Spreader.load(spread, second + at), masks, next + ROWS);
            if (!format.dense()) {
                put(Spreader.load(spread, KEEP + at), masks, next + 2 * ROWS);
            }
        }
    }

    private int one(int at, Masks masks, int to) {
        put(Spreader.load(spread, SIGN + at), masks, to);
        return to + ROWS;
    }

    private int two(int at, Masks masks, int to) {
        ByteVector sign = Spreader.load(spread, SIGN + at);
        ByteVector k1 = Spreader.load(spread, SEGMENT_LOW + at);
        ByteVector p1 = sign.and(k1);
        put(sign.lanewise(XOR, p1), masks, to);
        put(p1, masks, to + ROWS);
        put(k1, masks, to + 2 * ROWS);
        return to + 3 * ROWS;
    }

    private int three(int at, Masks masks, int to) {
        ByteVector sign = Spreader.load(spread, SIGN + at);
        ByteVector k1 = Spreader.load(spread, SEGMENT_LOW + at);
        ByteVector k2 = Spreader.load(spread, SEGMENT_HIGH + at);
        ByteVector p1 = sign.and(k1);
        ByteVector p2 = sign.and(k2);
        put(sign.lanewise(XOR, p1).lanewise(XOR, p2), masks, to);
        put(p1, masks, to + ROWS);
        put(p2, masks, to + 2 * ROWS);
        put(k1, masks, to + 3 * ROWS);
        put(k2, masks, to + 4 * ROWS);
        return to + 5 * ROWS;
    }

    private int four(int at, Masks masks, int to) {
        ByteVector sign = Spreader.load(spread, SIGN + at);
        ByteVector low = Spreader.load(spread, SEGMENT_LOW + at);
        ByteVector high = Spreader.load(spread, SEGMENT_HIGH + at);
        ByteVector k3 = low.and(high);
        ByteVector k1 = low.lanewise(XOR, k3);
        ByteVector k2 = high.lanewise(XOR, k3);
        put(sign.and(low.or(high).not()), masks, to);
        put(sign.and(k1), masks, to + ROWS);
        put(sign.and(k2), masks, to + 2 * ROWS);
        put(sign.and(k3), masks, to + 3 * ROWS);
        put(k1, masks, to + 4 * ROWS);
        put(k2, masks, to + 5 * ROWS);
        put(k3, masks, to + 6 * ROWS);
        return to + 7 * ROWS;
    }

    /// K_0: what no other segment has of the kept.
    private void rest(int at, int segments, Masks masks, int to) {
        ByteVector keep = Spreader.load(spread, KEEP + at);
        int k0 = to + (2 * segments - 1) * ROWS;
        switch (segments) {
            case 1 -> put(keep, masks, k0);
            case 2 -> put(keep.lanewise(XOR, Spreader.load(spread, SEGMENT_LOW + at)), masks, k0);
            default -> {
                ByteVector others =
                        Spreader.load(spread, SEGMENT_LOW + at).or(Spreader.load(spread, SEGMENT_HIGH + at));
                put(keep.lanewise(XOR, others), masks, k0);
            }
        }
    }

    private static void put(ByteVector mask, Masks masks, int to) {
        mask.intoArray(masks.planes, to);
    }
}
