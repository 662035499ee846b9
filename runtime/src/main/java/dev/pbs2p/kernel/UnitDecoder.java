package dev.pbs2p.kernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.pbs2p.format.SlicedLayout;
import dev.pbs2p.format.SlicedLayout.Group;
import dev.pbs2p.format.SlicedLayout.Subblock;
import dev.pbs2p.tensor.PackedFormat;
import dev.pbs2p.tensor.PackedMatrix;
import java.lang.foreign.MemorySegment;

/// The meaning of a packed unit in plain loops: its weights as integer multiples of their rows' steps.
final class UnitDecoder {

    private static final int ROWS = SlicedLayout.ROWS;
    private static final int LANES = SlicedLayout.LANES;

    private final PackedFormat format;
    private final SlicedLayout layout;
    private final MemorySegment planes;
    private final PackedMatrix matrix;
    private final int segmentPlanes;

    UnitDecoder(PackedMatrix matrix, SlicedLayout layout) {
        this.format = matrix.format();
        this.layout = layout;
        this.planes = matrix.planes();
        this.matrix = matrix;
        this.segmentPlanes = SlicedLayout.segmentPlanes(format);
    }

    /// Writes the levels of group `g` of 64 rows, row-major with `group(g).cols()` columns.
    void decode(int rowUnit, int g, int[] levels) {
        Group group = layout.group(g);
        long unit = layout.offset(rowUnit, g);
        for (Subblock subblock : group.subblocks()) {
            for (int row = 0; row < ROWS; row++) {
                for (int lane = 0; lane < LANES; lane++) {
                    lane(unit + row, lane, subblock, group, g * format.group(), levels, row * group.cols());
                }
            }
        }
    }

    /// One N:M group of one row: lane `lane` of all slots. `at` is the row's byte in the unit's first vector.
    private void lane(long at, int lane, Subblock subblock, Group group, int firstColumn, int[] levels, int rowLevels) {
        int rank = 0;
        for (int slot = 0; slot < subblock.slots(); slot++) {
            int symbol = symbol(at, subblock, slot, lane);
            int level = 0;
            int column = group.column(subblock.firstSlot() + slot, lane);
            if (symbol != 0) {
                int place = format.dense() ? slot : rank++;
                if (column >= 0) {
                    int sign = bit(at + subblock.signs(), place, lane);
                    int extra = extra(at, subblock, place, lane, symbol);
                    level = level(at + group.levels(), sign, extra, matrix.isSalient(firstColumn + column));
                }
            }
            if (column >= 0) {
                levels[rowLevels + column] = level;
            }
        }
    }

    /// 0 if pruned; otherwise 1, or with three segments in an N:M format segment + 1.
    private int symbol(long at, Subblock subblock, int slot, int lane) {
        if (format.dense()) {
            return 1;
        }
        int low = bit(at + subblock.keeps(), slot, lane);
        if (SlicedLayout.keepPlanes(format) == 1) {
            return low;
        }
        return low | bit(at + subblock.keeps(), subblock.slots() + slot, lane) << 1;
    }

    /// The segment of a kept weight, or what stands in its place: the second sign in a salient column.
    private int extra(long at, Subblock subblock, int place, int lane, int symbol) {
        if (segmentPlanes == 0) {
            return symbol - 1;
        }
        int value = 0;
        for (int p = 0; p < segmentPlanes; p++) {
            value |= bit(at + subblock.segments(), p * subblock.kept() + place, lane) << p;
        }
        return value;
    }

    private int level(long at, int sign, int extra, boolean salientColumn) {
        int segments = format.segments();
        int perSegment = format.symmetric() ? 1 : 2;
        if (salientColumn) {
            int first = segments * perSegment;
            int mu = format.symmetric() ? 0 : parameter(at, first + 2);
            return mu + signed(parameter(at, first), sign) + signed(parameter(at, first + 1), extra & 1);
        }
        int segment = segments == 1 ? 0 : extra;
        int mu = format.symmetric() ? 0 : parameter(at, segments + segment);
        return mu + signed(parameter(at, segment), sign);
    }

    private int parameter(long at, int index) {
        return planes.get(JAVA_BYTE, at + (long) index * ROWS);
    }

    private int bit(long at, int vector, int lane) {
        return planes.get(JAVA_BYTE, at + (long) vector * ROWS) >> lane & 1;
    }

    private static int signed(int magnitude, int sign) {
        return sign == 1 ? magnitude : -magnitude;
    }
}
