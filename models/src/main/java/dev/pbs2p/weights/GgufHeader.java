package dev.pbs2p.weights;

import dev.pbs2p.format.FormatException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What stands before the data of a GGUF file: values by key, then the name, shape, type and place of each tensor.
///
/// @param values strings, [Boolean]s, [Long]s, [Double]s, and lists of one of them
record GgufHeader(Map<String, Object> values, Map<String, Entry> tensors) {

    /// "GGUF", read as a little-endian number.
    static final int MAGIC = 0x46554747;

    private static final int MAX_RANK = 4;
    private static final String ALIGNMENT = "general.alignment";

    /// @param shape outer dimension first, as in the checkpoint
    /// @param offset of its data, from the begin of the file
    record Entry(GgufType type, List<Long> shape, long offset, long bytes) {}

    /// @throws FormatException if the file does not begin with a whole header, or a tensor does not lie in the file
    static GgufHeader parse(MemorySegment file) {
        GgufCursor in = new GgufCursor(file);
        if (in.int32() != MAGIC) {
            throw new FormatException("it does not begin with GGUF");
        }
        int version = in.int32();
        if (version != 2 && version != 3) {
            throw new FormatException("it is of version " + version + ", but versions 2 and 3 are read");
        }
        long tensors = in.count("tensors", 24);
        long values = in.count("values", 13);
        Map<String, Object> byKey = new LinkedHashMap<>();
        for (long i = 0; i < values; i++) {
            String key = in.string();
            if (byKey.put(key, in.value(in.int32())) != null) {
                throw new FormatException("it has the value " + key + " twice");
            }
        }
        Map<String, Entry> entries = new LinkedHashMap<>();
        for (long i = 0; i < tensors; i++) {
            String name = in.string();
            if (entries.put(name, entry(name, in)) != null) {
                throw new FormatException("it has the tensor " + name + " twice");
            }
        }
        long dataStart = aligned(in.position(), byKey);
        entries.replaceAll((name, entry) -> placed(name, entry, dataStart, file.byteSize()));
        checkDisjoint(entries);
        return new GgufHeader(byKey, entries);
    }

    private static Entry entry(String name, GgufCursor in) {
        int rank = in.int32();
        if (rank < 1 || rank > MAX_RANK) {
            throw new FormatException("its tensor " + name + " has " + rank + " dimensions");
        }
        Deque<Long> shape = new ArrayDeque<>();
        long count = 1;
        for (int i = 0; i < rank; i++) {
            long size = in.int64();
            if (size < 1 || size > Long.MAX_VALUE / count) {
                throw new FormatException("its tensor " + name + " has the size " + Long.toUnsignedString(size));
            }
            count *= size;
            shape.addFirst(size); // the file has the inner dimension first
        }
        GgufType type = GgufType.of(in.int32(), name);
        if (shape.getLast() % type.elements() != 0) {
            throw new FormatException("its tensor " + name + " has rows of " + shape.getLast()
                    + " elements, which are no whole blocks of " + type);
        }
        return new Entry(type, List.copyOf(shape), in.int64(), type.bytes(count));
    }

    private static long aligned(long position, Map<String, Object> values) {
        long alignment = values.getOrDefault(ALIGNMENT, 32L) instanceof Long number ? number : 0;
        if (alignment < 1 || alignment > 1 << 20) {
            throw new FormatException("its " + ALIGNMENT + " is " + values.get(ALIGNMENT));
        }
        return Math.ceilDiv(position, alignment) * alignment;
    }

    private static Entry placed(String name, Entry entry, long dataStart, long fileBytes) {
        long data = fileBytes - dataStart;
        if (entry.offset < 0 || entry.bytes > data || entry.offset > data - entry.bytes) {
            throw new FormatException("its tensor " + name + " has " + entry.bytes + " bytes from byte "
                    + Long.toUnsignedString(entry.offset) + " of the data on, but the file has " + Math.max(0, data)
                    + " bytes of data: it is not whole");
        }
        return new Entry(entry.type, entry.shape, dataStart + entry.offset, entry.bytes);
    }

    private static void checkDisjoint(Map<String, Entry> entries) {
        long end = 0;
        for (Map.Entry<String, Entry> one : entries.entrySet().stream()
                .sorted(Comparator.comparingLong(one -> one.getValue().offset))
                .toList()) {
            if (one.getValue().offset < end) {
                throw new FormatException("its tensor " + one.getKey() + " overlaps another one");
            }
            end = one.getValue().offset + one.getValue().bytes;
        }
    }
}
