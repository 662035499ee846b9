package dev.pbs2p.format;

import dev.pbs2p.format.SlicedLayout.Group;
import dev.pbs2p.format.SlicedLayout.Subblock;
import dev.pbs2p.tensor.Codes;
import dev.pbs2p.tensor.PackedFormat;

/// One unit, 64 rows × one column group, between codes and bytes.
final class PackedUnit {

    private static final int ROWS = SlicedLayout.ROWS;

    private final Codes codes;
    private final PackedFormat format;
    private final Group group;
    private final int groupNumber;
    private final int firstRow;
    private final int rows;
    private final int firstCol;
    private final byte[] bytes;

    private PackedUnit(Codes codes, SlicedLayout layout, int unit, int g, byte[] bytes) {
        this.codes = codes;
        this.format = codes.format();
        this.group = layout.group(g);
        this.groupNumber = g;
        this.firstRow = unit * ROWS;
        this.rows = Math.min(ROWS, codes.rows() - firstRow);
        this.firstCol = g * format.group();
        this.bytes = bytes;
    }

    /// The unit's bytes.
    static byte[] pack(Codes codes, SlicedLayout layout, int unit, int g) {
        PackedUnit packed =
                new PackedUnit(codes, layout, unit, g, new byte[layout.group(g).bytes()]);
        packed.eachNmGroup(packed::packNmGroup);
        packed.packLevels();
        return packed.bytes;
    }

    /// Fills in the codes and levels that `bytes` hold.
    static void unpack(Codes codes, SlicedLayout layout, int unit, int g, byte[] bytes) {
        PackedUnit packed = new PackedUnit(codes, layout, unit, g, bytes);
        packed.eachNmGroup(packed::unpackNmGroup);
        packed.unpackLevels();
    }

    private interface NmGroup {
        void visit(Subblock subblock, int lane, int row);
    }

    private void eachNmGroup(NmGroup action) {
        for (Subblock subblock : group.subblocks()) {
            for (int lane = 0; lane < SlicedLayout.LANES; lane++) {
                for (int row = 0; row < rows; row++) {
                    action.visit(subblock, lane, row);
                }
            }
        }
    }

    private void packNmGroup(Subblock subblock, int lane, int row) {
        int at = (firstRow + row) * codes.cols() + firstCol;
        int rank = 0;
        for (int slot = 0; slot < subblock.slots(); slot++) {
            int col = group.column(subblock.firstSlot() + slot, lane);
            if (col < 0) {
                continue;
            }
            int code = codes.code()[at + col];
            checkCode(code, row, col);
            if (code == 0) {
                continue;
            }
            // Without pruning every lane keeps its slot's place, so padding needs no keep plane either.
            int kept = format.dense() ? slot : rank++;
            if (kept >= group.keeps(subblock, lane)) {
                throw new IllegalArgumentException("the " + format.pattern() + " group of row " + (firstRow + row)
                        + " and column " + (firstCol + col) + " keeps more than " + group.keeps(subblock, lane)
                        + " weights");
            }
            int segment = (code - 1) >> 1;
            put(subblock.signs() + kept * ROWS + row, lane, (code - 1) & 1);
            for (int p = 0; p < SlicedLayout.segmentPlanes(format); p++) {
                put(subblock.segments() + (p * subblock.kept() + kept) * ROWS + row, lane, (segment >> p) & 1);
            }
            int symbol = format.segments() == 3 ? segment + 1 : 1;
            for (int p = 0; p < SlicedLayout.keepPlanes(format); p++) {
                put(subblock.keeps() + (p * subblock.slots() + slot) * ROWS + row, lane, (symbol >> p) & 1);
            }
        }
    }

    private void checkCode(int code, int row, int col) {
        boolean salient = codes.salient()[firstCol + col];
        int most = salient ? 4 : 2 * format.segments();
        int least = format.dense() ? 1 : 0;
        if (code < least || code > most) {
            throw new IllegalArgumentException("the code of row " + (firstRow + row) + ", "
                    + (salient ? "salient " : "") + "column " + (firstCol + col) + " is " + code + ", not " + least
                    + " to " + most);
        }
    }

    private void unpackNmGroup(Subblock subblock, int lane, int row) {
        int at = (firstRow + row) * codes.cols() + firstCol;
        int rank = 0;
        for (int slot = 0; slot < subblock.slots(); slot++) {
            int col = group.column(subblock.firstSlot() + slot, lane);
            if (col < 0) {
                continue;
            }
            int symbol = format.dense() ? 1 : 0;
            for (int p = 0; p < SlicedLayout.keepPlanes(format); p++) {
                symbol |= get(subblock.keeps() + (p * subblock.slots() + slot) * ROWS + row, lane) << p;
            }
            if (symbol == 0) {
                continue;
            }
            int kept = format.dense() ? slot : rank++;
            if (kept >= group.keeps(subblock, lane)) {
                throw damaged(row, col, "more than " + group.keeps(subblock, lane) + " kept weights");
            }
            int segment = SlicedLayout.keepPlanes(format) == 2 ? symbol - 1 : 0;
            for (int p = 0; p < SlicedLayout.segmentPlanes(format); p++) {
                segment |= get(subblock.segments() + (p * subblock.kept() + kept) * ROWS + row, lane) << p;
            }
            int most = codes.salient()[firstCol + col] ? 2 : format.segments();
            if (segment >= most) {
                throw damaged(row, col, "segment " + segment + " of " + most);
            }
            int sign = get(subblock.signs() + kept * ROWS + row, lane);
            codes.code()[at + col] = (byte) (1 + 2 * segment + sign);
        }
    }

    private FormatException damaged(int row, int col, String seen) {
        return new FormatException("the packed weight of row " + (firstRow + row) + " and column " + (firstCol + col)
                + " has " + seen + ": the planes are damaged");
    }

    private void packLevels() {
        for (int row = 0; row < rows; row++) {
            int at = codes.paramsAt(firstRow + row, groupNumber);
            for (int p = 0; p < format.parameters(); p++) {
                bytes[group.levels() + p * ROWS + row] = codes.params()[at + p];
            }
        }
    }

    private void unpackLevels() {
        for (int row = 0; row < rows; row++) {
            int at = codes.paramsAt(firstRow + row, groupNumber);
            for (int p = 0; p < format.parameters(); p++) {
                codes.params()[at + p] = bytes[group.levels() + p * ROWS + row];
            }
        }
    }

    private void put(int at, int lane, int bit) {
        bytes[at] |= (byte) (bit << lane);
    }

    private int get(int at, int lane) {
        return (bytes[at] >> lane) & 1;
    }
}
