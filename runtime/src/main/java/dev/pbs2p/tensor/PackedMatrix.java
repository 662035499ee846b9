package dev.pbs2p.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// One compressed linear as stored: sliced planes, row steps and salient columns (byte layout: `dev.pbs2p.format`).
///
/// @param format how it is coded
/// @param rows outputs
/// @param cols inputs
/// @param planes the units: sign, segment and keep planes with their levels
/// @param steps one float16 a row
/// @param salient one bit a column (little-endian, groups × group / 8 bytes); empty without salient columns
public record PackedMatrix(
        PackedFormat format, int rows, int cols, MemorySegment planes, MemorySegment steps, MemorySegment salient)
        implements Weight {

    /// Bytes on disk, everything counted.
    public long bytes() {
        return planes.byteSize() + steps.byteSize() + salient.byteSize();
    }

    /// Weights it stands for, pruned ones included.
    public long weights() {
        return (long) rows * cols;
    }

    /// Whether a column is binarised twice.
    public boolean isSalient(int col) {
        return format.salient() && (salient.get(ValueLayout.JAVA_BYTE, col / 8) >> (col % 8) & 1) == 1;
    }

    /// Columns that are binarised twice.
    public int salientColumns() {
        int count = 0;
        for (long i = 0; i < salient.byteSize(); i++) {
            count += Integer.bitCount(salient.get(ValueLayout.JAVA_BYTE, i) & 0xff);
        }
        return count;
    }

    /// Bits a weight as the paper counts them (eq. 11): the signs of kept weights alone, (1 + share of salient columns)
    /// · N/M. Where weights are kept, in which segment and with which levels is not in it.
    public double nominalBits() {
        return (1 + (double) salientColumns() / cols) * format.n() / format.m();
    }

    /// Bits a weight on disk, everything counted.
    public double realBits() {
        return 8.0 * bytes() / weights();
    }
}
