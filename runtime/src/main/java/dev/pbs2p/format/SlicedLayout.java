package dev.pbs2p.format;

import dev.pbs2p.tensor.PackedFormat;
import dev.pbs2p.tensor.PackedMatrix;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Where every bit of a packed matrix lies (the package's documentation gives the layout in words).
///
/// Units are [#ROWS] rows × one column group. Row blocks of [#BLOCK] row units follow each other; inside a block lie
/// its units of the first group, then those of the second, and so on: a kernel that walks through memory meets the
/// activations of one group a few times before it needs the next group's. All groups but the last have the same
/// [Group]; kernels fetch both once and walk.
public final class SlicedLayout {

    /// Rows of a unit, and bytes of a plane vector: one byte a row.
    public static final int ROWS = 64;

    /// Row units of a row block; the last block may have fewer.
    public static final int BLOCK = 16;

    /// Columns of a slot, and bits of a byte of a plane.
    public static final int LANES = 8;

    /// Most slots of a subblock, whatever the format.
    public static final int MAX_SLOTS = 16;

    private final PackedFormat format;
    private final int rows;
    private final int cols;
    private final int groups;
    private final Group full;
    private final Group last;
    private final long rowUnitBytes;

    /// @throws IllegalArgumentException if a side is not positive
    public SlicedLayout(PackedFormat format, int rows, int cols) {
        if (rows < 1 || cols < 1) {
            throw new IllegalArgumentException("a packed matrix needs rows and columns, not " + rows + "x" + cols);
        }
        this.format = format;
        this.rows = rows;
        this.cols = cols;
        this.groups = format.groups(cols);
        int tail = cols - (groups - 1) * format.group();
        this.last = new Group(format, tail);
        this.full = tail == format.group() ? last : new Group(format, format.group());
        this.rowUnitBytes = (long) (groups - 1) * full.bytes() + last.bytes();
    }

    /// The layout of a packed matrix whose parts have the sizes it needs.
    ///
    /// @throws IllegalArgumentException if they have not
    public static SlicedLayout of(PackedMatrix matrix) {
        SlicedLayout layout = new SlicedLayout(matrix.format(), matrix.rows(), matrix.cols());
        check("planes", layout.planesBytes(), matrix.planes());
        check("steps", layout.stepsBytes(), matrix.steps());
        check("salient columns", layout.salientBytes(), matrix.salient());
        return layout;
    }

    private static void check(String part, long expected, MemorySegment there) {
        if (there.byteSize() != expected) {
            throw new IllegalArgumentException(
                    "the " + part + " of a packed matrix have " + there.byteSize() + " bytes, not " + expected);
        }
    }

    public PackedFormat format() {
        return format;
    }

    public int rows() {
        return rows;
    }

    public int cols() {
        return cols;
    }

    /// Column groups.
    public int groups() {
        return groups;
    }

    /// Units of 64 rows, the last one padded.
    public int rowUnits() {
        return Math.ceilDiv(rows, ROWS);
    }

    /// What a unit of group `g` holds; the same object for all groups but a short last one.
    public Group group(int g) {
        return g == groups - 1 ? last : full;
    }

    /// Where the unit (row unit, group) begins in the planes.
    public long offset(int rowUnit, int g) {
        int first = rowUnit - rowUnit % BLOCK;
        int units = Math.min(BLOCK, rowUnits() - first);
        return first * rowUnitBytes + (long) g * units * full.bytes() + (long) (rowUnit - first) * group(g).bytes();
    }

    /// Bytes of the planes and levels.
    public long planesBytes() {
        return Math.multiplyExact(rowUnitBytes, (long) rowUnits());
    }

    /// Bytes of the row steps.
    public long stepsBytes() {
        return 2L * rows;
    }

    /// Bytes of the salient columns' bitmap; 0 without salient columns.
    public long salientBytes() {
        return format.salient() ? (long) groups * (format.group() / 8) : 0;
    }

    /// Bytes of everything.
    public long bytes() {
        return planesBytes() + stepsBytes() + salientBytes();
    }

    /// Bits a weight of this matrix takes, everything counted.
    public double realBits() {
        return 8.0 * bytes() / ((double) rows * cols);
    }

    /// Planes for the segment (or second sign) of each kept weight, stored compactly after the signs.
    public static int segmentPlanes(PackedFormat format) {
        return switch (format.segments()) {
            case 1 -> format.salient() ? 1 : 0;
            case 2 -> 1;
            case 3 -> format.dense() ? 2 : 0;
            default -> 2;
        };
    }

    /// Planes with a bit for every column: none when dense, the keep plane, or the two planes of the symbol
    /// 0 = pruned, 1 to 3 = segment + 1 (three segments fit into the four states of two bits, pruned included).
    public static int keepPlanes(PackedFormat format) {
        if (format.dense()) {
            return 0;
        }
        return format.segments() == 3 ? 2 : 1;
    }

    /// The part of a group whose N:M groups are complete in themselves: lane `j` of its slots is one N:M group. Offsets
    /// are bytes from the begin of the unit.
    ///
    /// @param firstSlot number of its first slot in the group
    /// @param slots slots (m'), and vectors of a keep plane
    /// @param kept most weights kept in each N:M group (n'), and vectors of a compact plane
    /// @param signs where the sign plane begins
    /// @param segments where the segment planes begin; plane `p` begins `p * kept * 64` bytes later
    /// @param keeps where the keep planes begin; plane `p` begins `p * slots * 64` bytes later
    public record Subblock(int firstSlot, int slots, int kept, int signs, int segments, int keeps) {}

    /// A column group: its subblocks, the order of its columns, and where its levels lie.
    public static final class Group {

        private final PackedFormat format;
        private final int cols;
        private final List<Subblock> subblocks;
        private final int[] column;
        private final int levels;
        private final int bytes;

        Group(PackedFormat format, int cols) {
            this.format = format;
            this.cols = cols;
            List<Subblock> found = new ArrayList<>();
            int slot = 0;
            int offset = 0;
            int slots = slots(format, cols);
            while (slot < slots) {
                int mine = Math.min(format.dense() ? MAX_SLOTS : format.m(), slots - slot);
                int kept = format.dense() ? mine : share(mine, format);
                int segments = offset + kept * ROWS;
                int keeps = segments + segmentPlanes(format) * kept * ROWS;
                found.add(new Subblock(slot, mine, kept, offset, segments, keeps));
                offset = keeps + keepPlanes(format) * mine * ROWS;
                slot += mine;
            }
            this.subblocks = List.copyOf(found);
            this.column = columns(format, cols, slots);
            this.levels = offset;
            this.bytes = offset + format.parameters() * ROWS;
        }

        /// Columns of the group that exist.
        public int cols() {
            return cols;
        }

        /// Slots of all subblocks.
        public int slots() {
            return column.length / LANES;
        }

        public List<Subblock> subblocks() {
            return subblocks;
        }

        /// Where the levels begin: one vector of 64 signed bytes a parameter, one byte a row, in the order of
        /// [dev.pbs2p.tensor.Codes].
        public int levels() {
            return levels;
        }

        /// Bytes of a unit.
        public int bytes() {
            return bytes;
        }

        /// The column in the group at a slot's lane; -1 for padding.
        public int column(int slot, int lane) {
            return column[slot * LANES + lane];
        }

        /// Most weights that may be kept in the N:M group at lane `lane` of a subblock.
        public int keeps(Subblock subblock, int lane) {
            if (format.dense() || format.strided()) {
                return subblock.kept();
            }
            int first = subblock.firstSlot() * LANES + format.m() * lane;
            int there = Math.clamp(cols - first, 0, format.m());
            return share(there, format);
        }

        private static int slots(PackedFormat format, int cols) {
            int unit = format.dense() || format.strided() ? LANES : LANES * format.m();
            return Math.ceilDiv(cols, unit) * (unit / LANES);
        }

        private static int share(int there, PackedFormat format) {
            return Math.ceilDiv(there * format.n(), format.m());
        }

        private static int[] columns(PackedFormat format, int cols, int slots) {
            boolean identity = format.dense() || format.strided();
            int[] column = new int[slots * LANES];
            Arrays.setAll(column, i -> {
                int slot = i / LANES;
                int lane = i % LANES;
                int m = format.m();
                int c = identity ? i : LANES * m * (slot / m) + m * lane + slot % m;
                return c < cols ? c : -1;
            });
            return column;
        }
    }
}
