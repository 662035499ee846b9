package dev.pbs2p.format;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.zip.CRC32C;

/// The checksum table of a `.pbs2p`: one little-endian CRC32C for each other tensor in the order of the data, then one
/// for the header (with its length) followed by the table so far.
final class Checksums {

    /// Bytes that one CRC update can take.
    private static final long CHUNK = 1 << 30;

    private Checksums() {}

    static int of(MemorySegment data) {
        CRC32C crc = new CRC32C();
        for (long at = 0; at < data.byteSize(); at += CHUNK) {
            crc.update(data.asSlice(at, Math.min(CHUNK, data.byteSize() - at)).asByteBuffer());
        }
        return (int) crc.getValue();
    }

    /// The table of a new file.
    static byte[] table(byte[] header, List<String> tensors, Map<String, Integer> checksums) {
        ByteBuffer table = ByteBuffer.allocate(4 * (tensors.size() + 1)).order(ByteOrder.LITTLE_ENDIAN);
        for (String name : tensors) {
            table.putInt(Objects.requireNonNull(checksums.get(name), name));
        }
        table.putInt(ofHeader(MemorySegment.ofArray(header), table.array()));
        return table.array();
    }

    /// Entry `i` of a table.
    static int get(byte[] table, int i) {
        return ByteBuffer.wrap(table).order(ByteOrder.LITTLE_ENDIAN).getInt(4 * i);
    }

    /// The checksum of a header and of all entries of a table but the last.
    static int ofHeader(MemorySegment header, byte[] table) {
        CRC32C crc = new CRC32C();
        crc.update(header.asByteBuffer());
        crc.update(table, 0, table.length - 4);
        return (int) crc.getValue();
    }
}
