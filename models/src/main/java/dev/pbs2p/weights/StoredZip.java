package dev.pbs2p.weights;

import dev.pbs2p.format.FormatException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/// Finds the entries of a ZIP archive that are stored as they are, so that they can be read where they lie; the JDK's
/// own reader does not tell where that is.
final class StoredZip {

    private static final int END = 0x06054b50;
    private static final int END_BYTES = 22;
    private static final int LOCATOR64 = 0x07064b50;
    private static final int END64 = 0x06064b50;
    private static final int CENTRAL = 0x02014b50;
    private static final int CENTRAL_BYTES = 46;
    private static final int LOCAL = 0x04034b50;
    private static final int LOCAL_BYTES = 30;
    private static final int WIDE = 0x0001;
    private static final long WIDER = 0xffffffffL;

    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final MemorySegment file;
    private final Map<String, MemorySegment> entries = new LinkedHashMap<>();

    private StoredZip(MemorySegment file) {
        this.file = file;
        try {
            readDirectory();
        } catch (IndexOutOfBoundsException e) {
            throw new FormatException("its ZIP directory points outside the file: it is damaged or not whole", e);
        }
    }

    /// The data of each entry by its name.
    ///
    /// @throws FormatException if it is no whole ZIP archive, or compresses an entry
    static Map<String, MemorySegment> entries(MemorySegment file) {
        return new StoredZip(file).entries;
    }

    private void readDirectory() {
        long end = end();
        long count = unsigned16(end + 10);
        long at = unsigned32(end + 16);
        if (at == WIDER || count == 0xffff) {
            long wide = wideEnd(end);
            count = file.get(LONG, wide + 32);
            at = file.get(LONG, wide + 48);
        }
        for (long i = 0; i < count; i++) {
            at = readEntry(at);
        }
    }

    /// Where the record lies that ends the archive, after which a comment may follow.
    private long end() {
        for (long at = file.byteSize() - END_BYTES; at >= Math.max(0, file.byteSize() - END_BYTES - 0xffff); at--) {
            if (file.get(INT, at) == END && at + END_BYTES + unsigned16(at + 20) == file.byteSize()) {
                return at;
            }
        }
        throw new FormatException("it is no whole ZIP archive, as PyTorch has written since version 1.6: save the"
                + " model anew, best as safetensors");
    }

    private long wideEnd(long end) {
        if (end < 20 || file.get(INT, end - 20) != LOCATOR64) {
            throw new FormatException("its ZIP directory has no second end, as large archives need");
        }
        long wide = file.get(LONG, end - 20 + 8);
        if (file.get(INT, wide) != END64) {
            throw new FormatException("its ZIP directory has no second end where it is said to be");
        }
        return wide;
    }

    /// Reads the directory's entry at a place.
    ///
    /// @return where the next one lies
    private long readEntry(long at) {
        if (file.get(INT, at) != CENTRAL) {
            throw new FormatException("its ZIP directory is damaged at byte " + at);
        }
        int nameBytes = unsigned16(at + 28);
        int extraBytes = unsigned16(at + 30);
        String name = new String(
                file.asSlice(at + CENTRAL_BYTES, nameBytes).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
        long compressed = unsigned32(at + 20);
        long size = unsigned32(at + 24);
        long local = unsigned32(at + 42);
        MemorySegment extra = wide(file.asSlice(at + CENTRAL_BYTES + nameBytes, extraBytes));
        long field = 0;
        if (size == WIDER) {
            size = extra.get(LONG, field);
            field += 8;
        }
        if (compressed == WIDER) {
            compressed = extra.get(LONG, field);
            field += 8;
        }
        if (local == WIDER) {
            local = extra.get(LONG, field);
        }
        if (unsigned16(at + 10) != 0 || compressed != size) {
            throw new FormatException("its entry " + name + " is compressed, but PyTorch stores weights as they are");
        }
        if (file.get(INT, local) != LOCAL) {
            throw new FormatException("its entry " + name + " is not where the ZIP directory says");
        }
        long data = local + LOCAL_BYTES + unsigned16(local + 26) + unsigned16(local + 28);
        if (entries.put(name, file.asSlice(data, size)) != null) {
            throw new FormatException("it has the entry " + name + " twice");
        }
        return at + CENTRAL_BYTES + nameBytes + extraBytes + unsigned16(at + 32);
    }

    /// Of an entry's extra fields, the one with 64-bit numbers; empty if it has none.
    private static MemorySegment wide(MemorySegment extra) {
        for (long at = 0; at + 4 <= extra.byteSize(); ) {
            int bytes = Short.toUnsignedInt(extra.get(SHORT, at + 2));
            if (extra.get(SHORT, at) == WIDE) {
                return extra.asSlice(at + 4, bytes);
            }
            at += 4 + bytes;
        }
        return extra.asSlice(0, 0);
    }

    private int unsigned16(long at) {
        return Short.toUnsignedInt(file.get(SHORT, at));
    }

    private long unsigned32(long at) {
        return Integer.toUnsignedLong(file.get(INT, at));
    }
}
