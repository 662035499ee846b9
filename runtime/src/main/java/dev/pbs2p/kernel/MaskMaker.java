package dev.pbs2p.kernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static jdk.incubator.vector.VectorOperators.XOR;

import dev.pbs2p.format.SlicedLayout;
import dev.pbs2p.format.SlicedLayout.Subblock;
import dev.pbs2p.tensor.PackedFormat;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import jdk.incubator.vector.ByteVector;

/// Turns the stored planes of a unit into the masks whose sums a format needs ([MaskRules]).
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

    /// Makes the masks of a subblock. Slot `k` goes to slot `firstSlot + k` of `masks`.
    void make(
            PackedFormat format,
            MemorySegment planes,
            long unit,
            Subblock subblock,
            int firstSlot,
            int mask,
            Masks masks) {
        int to = firstSlot * Masks.SLOT + Masks.first(mask);
        if (Spreader.takes(format, subblock)) {
            Spreader.signsAndKeeps(planes, unit, subblock, masks.planes, to);
        } else if (SegmentMasks.takes(format, subblock)) {
            SegmentMasks.make(format, planes, unit, subblock, masks.planes, to);
        } else if (ShiftedMasks.takes(format, subblock)) {
            ShiftedMasks.make(format, planes, unit, subblock, masks.planes, to);
        } else if (DenseMasks.takes(format)) {
            DenseMasks.make(format, planes, unit, subblock, masks.planes, to);
        } else {
            int keeps = subblock.keeps() - subblock.signs();
            int bytes = keeps + SlicedLayout.keepPlanes(format) * subblock.slots() * ROWS;
            MemorySegment.copy(planes, JAVA_BYTE, unit + subblock.signs(), stored, 0, bytes);
            stepwise(format, subblock, keeps, masks.planes, to);
        }
    }

    /// Plane by plane: any format.
    private void stepwise(PackedFormat format, Subblock subblock, int keeps, byte[] masks, int to) {
        int bytes = subblock.slots() * ROWS;
        keeps(format, keeps, bytes);
        int segments = subblock.segments() - subblock.signs();
        compact(format, 0, subblock, SIGN);
        int low = format.segments() == 1 ? SECOND_SIGN : SEGMENT_LOW;
        if (SlicedLayout.segmentPlanes(format) > 0) {
            compact(format, segments, subblock, low);
        }
        if (SlicedLayout.segmentPlanes(format) > 1) {
            compact(format, segments + subblock.kept() * ROWS, subblock, SEGMENT_HIGH);
        }
        int second = SlicedLayout.segmentPlanes(format) > 0 ? low : SECOND_SIGN;
        for (int at = 0; at < bytes; at += Species.BYTES.length()) {
            MaskRules.put(
                    format,
                    Spreader.load(spread, SIGN + at),
                    Spreader.load(spread, SEGMENT_LOW + at),
                    Spreader.load(spread, SEGMENT_HIGH + at),
                    Spreader.load(spread, second + at),
                    Spreader.load(spread, KEEP + at),
                    masks,
                    to + at / ROWS * Masks.SLOT + at % ROWS);
        }
    }

    private void keeps(PackedFormat format, int from, int bytes) {
        if (format.dense()) {
            Arrays.fill(spread, KEEP, KEEP + bytes, (byte) -1);
        } else if (SlicedLayout.keepPlanes(format) == 1) {
            System.arraycopy(stored, from, spread, KEEP, bytes);
        } else {
            for (int at = 0; at < bytes; at += Species.BYTES.length()) {
                symbols(from + at, bytes, at);
            }
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
}
