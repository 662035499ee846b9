package dev.pbs2p.format;

import dev.pbs2p.format.SafetensorsHeader.Entry;
import dev.pbs2p.tensor.Loading;
import dev.pbs2p.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/// A safetensors file, mapped: its tensors are read where they lie. Eight bytes give the length of a JSON header, the
/// header names the tensors, their data follows without holes.
///
/// Everything the header claims is checked against the file before it is used, as strictly as the format's own
/// reference does.
public final class Safetensors implements AutoCloseable {

    /// Longest header the format allows.
    static final long MAX_HEADER = 100_000_000;

    private static final ValueLayout.OfLong LENGTH = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final Path path;
    private final MappedFile file;
    private final long dataStart;
    private final Map<String, String> metadata;
    private final Map<String, Entry> entries = new LinkedHashMap<>();

    private Safetensors(Path path, MappedFile file, long dataStart, SafetensorsHeader header) {
        this.path = path;
        this.file = file;
        this.dataStart = dataStart;
        this.metadata = Collections.unmodifiableMap(header.metadata());
        header.tensors().forEach(entry -> entries.put(entry.name(), entry));
    }

    /// Maps a file and checks its header.
    ///
    /// @throws FormatException if it cannot be read, or is not a whole safetensors file
    public static Safetensors open(Path path) {
        MappedFile file = MappedFile.open(path);
        try {
            MemorySegment bytes = file.bytes();
            long dataStart = dataStart(bytes);
            String json = decode(bytes.asSlice(8, dataStart - 8));
            SafetensorsHeader header = SafetensorsHeader.parse(json, bytes.byteSize() - dataStart);
            return new Safetensors(path, file, dataStart, header);
        } catch (FormatException e) {
            file.close();
            throw new FormatException(path + " is not a usable safetensors file: " + e.getMessage(), e);
        }
    }

    private static long dataStart(MemorySegment file) {
        if (file.byteSize() < 8) {
            throw new FormatException(
                    "it has " + file.byteSize() + " bytes, but begins with a header length of 8 bytes");
        }
        long length = file.get(LENGTH, 0);
        if (length < 0 || length > file.byteSize() - 8) {
            throw new FormatException("its header claims " + Long.toUnsignedString(length) + " bytes, but the file has "
                    + file.byteSize());
        }
        if (length > MAX_HEADER) {
            throw new FormatException(
                    "its header claims " + length + " bytes, but the format allows at most " + MAX_HEADER);
        }
        return 8 + length;
    }

    private static String decode(MemorySegment json) {
        try {
            byte[] bytes = json.toArray(ValueLayout.JAVA_BYTE);
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new FormatException("its header is not UTF-8 text", e);
        }
    }

    public Path path() {
        return path;
    }

    /// The free strings of the header.
    public Map<String, String> metadata() {
        return metadata;
    }

    /// Names of all tensors, in the order of their data.
    public Set<String> names() {
        return Collections.unmodifiableSet(entries.keySet());
    }

    /// The tensor of that name, mapped, not copied; usable until this file is closed.
    ///
    /// @throws FormatException if there is none
    public Tensor tensor(String name) {
        Entry entry = entry(name);
        long[] shape = entry.shape().stream().mapToLong(Long::longValue).toArray();
        return new Tensor(
                entry.dtype(), shape, file.bytes().asSlice(dataStart + entry.begin(), entry.end() - entry.begin()));
    }

    /// Where a tensor's data begins in the file, in bytes.
    ///
    /// @throws FormatException if there is none of that name
    public long offset(String name) {
        return dataStart + entry(name).begin();
    }

    private Entry entry(String name) {
        Entry entry = entries.get(name);
        if (entry == null) {
            throw new FormatException(path + " has no tensor " + name + " among its " + entries.size());
        }
        return entry;
    }

    /// The header with its length: all that comes before the data.
    MemorySegment header() {
        return file.bytes().asSlice(0, dataStart);
    }

    /// Size of the file in bytes.
    public long bytes() {
        return file.bytes().byteSize();
    }

    /// Brings the data into memory as asked, before the first tensor is used.
    public void load(Loading how) {
        file.load(how);
    }

    /// Unmaps the file; its tensors must not be used any more.
    @Override
    public void close() {
        file.close();
    }
}
