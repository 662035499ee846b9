package dev.pbs2p.tensor;

import java.lang.foreign.MemorySegment;

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
}
