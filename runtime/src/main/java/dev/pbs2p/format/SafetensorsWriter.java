package dev.pbs2p.format;

import dev.pbs2p.format.SafetensorsHeader.Entry;
import dev.pbs2p.tensor.DType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.zip.CRC32C;

/// Writes a safetensors file tensor by tensor: names and shapes are declared first, then each tensor's data is written
/// once, in any order. The file appears under its name only when [#commit()] succeeds; until then it is a temporary
/// file beside it, which [#close()] removes.
///
/// The data starts at a multiple of 64 bytes, and so does every tensor whose size is one. The format allows no holes,
/// so the other tensors (odd sizes) come last, wide elements first: each starts at a multiple of its element's size.
public final class SafetensorsWriter implements AutoCloseable {

    /// What tensors are aligned to: a cache line, and the widest vector.
    public static final int ALIGNMENT = 64;

    private static final int CHUNK = 1 << 20;

    private final Path target;
    private final Path temporary;
    private final FileChannel channel;
    private final byte[] header;
    private final List<String> names;
    private final Map<String, Entry> missing = new LinkedHashMap<>();
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(CHUNK);

    /// A tensor to be written.
    public record Declared(String name, DType dtype, List<Long> shape) {

        public Declared {
            shape = List.copyOf(shape);
        }

        public static Declared of(String name, DType dtype, long... shape) {
            return new Declared(name, dtype, Arrays.stream(shape).boxed().toList());
        }
    }

    /// Begins a file with the given `__metadata__` and tensors.
    ///
    /// @throws IllegalArgumentException if two tensors have one name or a size is negative or overflows
    /// @throws IOException if the temporary file cannot be written
    public SafetensorsWriter(Path target, Map<String, String> metadata, List<Declared> tensors) throws IOException {
        SafetensorsHeader contents = new SafetensorsHeader(metadata, place(tensors));
        this.target = target.toAbsolutePath();
        this.header = padded(contents.toJson());
        this.names = contents.tensors().stream().map(Entry::name).toList();
        contents.tensors().forEach(entry -> missing.put(entry.name(), entry));
        this.temporary = this.target.resolveSibling(target.getFileName() + "." + UUID.randomUUID() + ".tmp");
        try {
            this.channel = FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        } catch (NoSuchFileException e) {
            throw new IOException("cannot write " + target + ": its directory does not exist", e);
        } catch (IOException e) {
            throw failed(e);
        }
        // Also when the process is interrupted; after the move there is nothing of that name any more.
        temporary.toFile().deleteOnExit();
        try {
            write(0, MemorySegment.ofArray(header));
        } catch (IOException | RuntimeException e) {
            close();
            throw e;
        }
    }

    private static List<Entry> place(List<Declared> tensors) {
        List<Declared> order = new ArrayList<>(tensors);
        order.sort(Comparator.comparingInt(
                t -> bytes(t) % ALIGNMENT == 0 ? -ALIGNMENT : -t.dtype().bytes()));
        List<Entry> entries = new ArrayList<>();
        Set<String> names = new HashSet<>();
        long at = 0;
        for (Declared tensor : order) {
            if (!names.add(tensor.name())) {
                throw new IllegalArgumentException("the tensor " + tensor.name() + " is declared twice");
            }
            long end = Math.addExact(at, bytes(tensor));
            entries.add(new Entry(tensor.name(), tensor.dtype(), tensor.shape(), at, end));
            at = end;
        }
        return entries;
    }

    private static long bytes(Declared tensor) {
        try {
            long bytes = SafetensorsHeader.bytes(tensor.dtype(), tensor.shape());
            if (bytes >= 0 && tensor.shape().stream().allMatch(extent -> extent >= 0)) {
                return bytes;
            }
        } catch (ArithmeticException e) {
            throw new IllegalArgumentException("the tensor " + tensor + " has more bytes than any file", e);
        }
        throw new IllegalArgumentException("the tensor " + tensor + " has a negative extent");
    }

    /// The length of the header and the header, followed by the spaces that align the data.
    private static byte[] padded(byte[] json) {
        int length = Math.ceilDiv(8 + json.length, ALIGNMENT) * ALIGNMENT;
        if (length - 8 > Safetensors.MAX_HEADER) {
            throw new IllegalArgumentException("the header would have " + (length - 8)
                    + " bytes, but the format allows at most " + Safetensors.MAX_HEADER);
        }
        ByteBuffer bytes = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(length - 8).put(json);
        while (bytes.hasRemaining()) {
            bytes.put((byte) ' ');
        }
        return bytes.array();
    }

    /// Names of all tensors in the order in which their data lies in the file.
    List<String> names() {
        return names;
    }

    /// The header with its length: all that comes before the data.
    byte[] header() {
        return header;
    }

    /// Writes a tensor's data.
    ///
    /// @return the CRC32C of the data
    /// @throws IllegalArgumentException if the tensor was not declared, was written before, or has another size
    public int write(String name, MemorySegment data) throws IOException {
        Entry entry = missing.get(name);
        if (entry == null) {
            throw new IllegalArgumentException("the tensor " + name + " was not declared or is already written");
        }
        if (data.byteSize() != entry.end() - entry.begin()) {
            throw new IllegalArgumentException("the tensor " + name + " of " + entry.dtype() + entry.shape()
                    + " was declared, but its data has " + data.byteSize() + " bytes");
        }
        int crc = write(header.length + entry.begin(), data);
        missing.remove(name);
        return crc;
    }

    private IOException failed(IOException e) {
        return new IOException("cannot write " + target + ": " + e.getMessage(), e);
    }

    private int write(long position, MemorySegment data) throws IOException {
        CRC32C crc = new CRC32C();
        MemorySegment chunk = MemorySegment.ofBuffer(buffer.clear());
        for (long done = 0; done < data.byteSize(); done += CHUNK) {
            int n = (int) Math.min(CHUNK, data.byteSize() - done);
            MemorySegment.copy(data, done, chunk, 0, n);
            crc.update(buffer.clear().limit(n));
            buffer.flip();
            writeFully(position + done);
        }
        return (int) crc.getValue();
    }

    private void writeFully(long position) throws IOException {
        try {
            while (buffer.hasRemaining()) {
                channel.write(buffer, position + buffer.position());
            }
        } catch (IOException e) {
            throw failed(e);
        }
    }

    /// Forces the file to the disk and moves it to its name, replacing what was there, in one step.
    ///
    /// @throws IllegalStateException if a declared tensor was not written
    public void commit() throws IOException {
        if (!missing.isEmpty()) {
            throw new IllegalStateException("the tensors " + missing.keySet() + " were declared but not written");
        }
        try {
            channel.force(true);
            channel.close();
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw failed(e);
        }
    }

    /// Removes the temporary file unless it was committed.
    @Override
    public void close() throws IOException {
        channel.close();
        Files.deleteIfExists(temporary);
    }
}
