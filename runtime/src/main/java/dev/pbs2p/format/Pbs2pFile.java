package dev.pbs2p.format;

import dev.pbs2p.format.SafetensorsWriter.Declared;
import dev.pbs2p.tensor.ByteMatrix;
import dev.pbs2p.tensor.Checkpoint;
import dev.pbs2p.tensor.DType;
import dev.pbs2p.tensor.Loading;
import dev.pbs2p.tensor.PackedMatrix;
import dev.pbs2p.tensor.Tensor;
import dev.pbs2p.tensor.Weight;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;

/// A `.pbs2p`: a packed model in one safetensors file, mapped (layout: the package's documentation; written by
/// [Pbs2pWriter]).
///
/// A damaged byte is found before it is used. Opening checks the header, and all data of a file up to 1 GiB; in a
/// larger file each weight and side file is checked when it is first asked for, so that opening stays instant; loading
/// the whole file checks it whole.
public final class Pbs2pFile implements Checkpoint {

    /// The version of the format that is written, and the only one that is read.
    public static final int VERSION = 2;

    static final String FORMAT_KEY = "format";
    static final String FORMAT = "pbs2p";
    static final String VERSION_KEY = "version";
    static final String PACKED = "packed:";
    static final String PROVENANCE = "provenance:";
    static final String FILES = "files/";
    static final String CHECKSUMS = "checksums";
    static final String SCALES = ".scales";

    /// Up to this size a file is checked when opened, which takes some tenths of a second.
    private static final long CHECKED_AT_OPEN = 1L << 30;

    private final Safetensors file;
    private final Map<String, Integer> checksums = new LinkedHashMap<>();
    private final Set<String> intact = ConcurrentHashMap.newKeySet();
    private final Map<String, PackedEntry> packed = new LinkedHashMap<>();
    private final Set<String> tables = new HashSet<>();
    private final Set<String> names = new LinkedHashSet<>();

    private Pbs2pFile(Safetensors file) {
        this.file = file;
    }

    /// Maps a `.pbs2p` and checks it.
    ///
    /// @throws FormatException if it cannot be read, is no `.pbs2p` of this version, or is damaged
    public static Pbs2pFile open(Path path) {
        return open(path, CHECKED_AT_OPEN);
    }

    static Pbs2pFile open(Path path, long checkedAtOpen) {
        Safetensors safetensors = Safetensors.open(path);
        try {
            Pbs2pFile file = new Pbs2pFile(safetensors);
            file.checkVersion();
            file.readChecksums();
            file.readNames();
            if (safetensors.bytes() <= checkedAtOpen) {
                file.verify();
            }
            return file;
        } catch (RuntimeException e) {
            safetensors.close();
            throw e;
        }
    }

    private void checkVersion() {
        String format = file.metadata().get(FORMAT_KEY);
        if (!FORMAT.equals(format)) {
            throw new FormatException(source() + " is a safetensors file, but not a .pbs2p: its metadata says "
                    + (format == null ? "no format" : "format " + format));
        }
        String version = file.metadata().get(VERSION_KEY);
        if (!String.valueOf(VERSION).equals(version)) {
            throw new FormatException(source() + " has version " + version + " of the .pbs2p format, but this program"
                    + " reads version " + VERSION + ": use the program that wrote it, or compress the model again");
        }
    }

    private void readChecksums() {
        List<String> tensors =
                file.names().stream().filter(name -> !name.equals(CHECKSUMS)).toList();
        expect("a .pbs2p", Declared.of(CHECKSUMS, DType.U8, tensors.size() + 1, 4));
        byte[] table = file.tensor(CHECKSUMS).data().toArray(ValueLayout.JAVA_BYTE);
        if (Checksums.get(table, tensors.size()) != Checksums.ofHeader(file.header(), table)) {
            throw damaged(List.of("the header"));
        }
        for (int i = 0; i < tensors.size(); i++) {
            checksums.put(tensors.get(i), Checksums.get(table, i));
        }
    }

    private void readNames() {
        names.addAll(checksums.keySet());
        names.removeIf(name -> name.startsWith(FILES));
        file.metadata().forEach((key, text) -> {
            if (key.startsWith(PACKED)) {
                readPacked(key.substring(PACKED.length()), text);
            }
        });
        List.copyOf(names).stream()
                .filter(name -> names.contains(name + SCALES))
                .forEach(this::readBytes);
    }

    private void readPacked(String name, String text) {
        try {
            PackedEntry entry = PackedEntry.parse(text);
            for (Declared tensor : entry.tensors(name)) {
                expect("the packed weight " + name, tensor);
                names.remove(tensor.name());
            }
            if (file.offset(name + PackedEntry.PLANES) % SafetensorsWriter.ALIGNMENT != 0 || !names.add(name)) {
                throw new FormatException(source() + " has the packed weight " + name
                        + " where it cannot be mapped, or twice: was the file rewritten by another program?");
            }
            packed.put(name, entry);
        } catch (IllegalArgumentException e) {
            throw new FormatException(
                    source() + " describes the packed weight " + name + " as \"" + text + "\": " + e.getMessage(), e);
        }
    }

    private void readBytes(String name) {
        long[] shape = file.tensor(name).shape();
        if (shape.length != 2 || shape[0] > Integer.MAX_VALUE || shape[1] > Integer.MAX_VALUE) {
            throw new FormatException(source() + " has the 8-bit table " + name + " in the shape "
                    + Arrays.toString(shape) + ": it needs rows and columns");
        }
        Pbs2pWriter.bytesTensors(name, (int) shape[0], (int) shape[1])
                .forEach(tensor -> expect("the 8-bit table " + name, tensor));
        names.remove(name + SCALES);
        tables.add(name);
    }

    private void expect(String what, Declared tensor) {
        if (!file.names().contains(tensor.name())) {
            throw new FormatException(source() + " lacks the tensor " + tensor.name() + ", which " + what + " needs");
        }
        Tensor there = file.tensor(tensor.name());
        long[] shape = tensor.shape().stream().mapToLong(Long::longValue).toArray();
        if (there.dtype() != tensor.dtype() || !Arrays.equals(there.shape(), shape)) {
            throw new FormatException(source() + " has the tensor " + tensor.name() + " as " + there.dtype()
                    + Arrays.toString(there.shape()) + ", but " + what + " needs " + tensor.dtype() + tensor.shape());
        }
    }

    /// Compares all data with its checksums, as far as that was not done before.
    ///
    /// @throws FormatException if some are damaged; the message names them
    public void verify() {
        List<String> bad = checksums.keySet().parallelStream()
                .filter(Predicate.not(this::isIntact))
                .toList();
        if (!bad.isEmpty()) {
            throw damaged(bad);
        }
    }

    private boolean isIntact(String tensor) {
        if (!intact.contains(tensor) && Checksums.of(file.tensor(tensor).data()) == checksums.getOrDefault(tensor, 0)) {
            intact.add(tensor);
        }
        return intact.contains(tensor);
    }

    private FormatException damaged(List<String> parts) {
        return new FormatException(source() + " is damaged: the checksum of " + parts.getFirst()
                + (parts.size() == 1 ? "" : " (one of " + parts.size() + " such parts)")
                + " does not match; copy or compress the model again");
    }

    private MemorySegment data(String tensor) {
        if (!isIntact(tensor)) {
            throw damaged(List.of(tensor));
        }
        return file.tensor(tensor).data();
    }

    @Override
    public String source() {
        return file.path().toString();
    }

    @Override
    public Set<String> names() {
        return Collections.unmodifiableSet(names);
    }

    @Override
    public Weight weight(String name) {
        PackedEntry entry = packed.get(name);
        if (entry != null) {
            return new PackedMatrix(
                    entry.format(),
                    entry.rows(),
                    entry.cols(),
                    data(name + PackedEntry.PLANES),
                    data(name + PackedEntry.STEPS),
                    entry.format().salient() ? data(name + PackedEntry.SALIENT) : MemorySegment.NULL);
        }
        if (!names.contains(name)) {
            throw new FormatException(source() + " has no weight " + name + " among its " + names.size() + ": "
                    + String.join(", ", names.stream().limit(3).toList()) + ", …");
        }
        MemorySegment data = data(name);
        Tensor tensor = file.tensor(name);
        return tables.contains(name) ? new ByteMatrix(tensor.rows(), tensor.cols(), data, data(name + SCALES)) : tensor;
    }

    @Override
    public Optional<byte[]> file(String name) {
        return file.names().contains(FILES + name)
                ? Optional.of(data(FILES + name).toArray(ValueLayout.JAVA_BYTE))
                : Optional.empty();
    }

    /// Checks everything too: all threads take less time to it than the one that asks for weights.
    @Override
    public void load(Loading how) {
        file.load(how);
        verify();
    }

    /// How the file was made, in the words of whoever wrote it.
    public Map<String, String> provenance() {
        Map<String, String> provenance = new LinkedHashMap<>();
        file.metadata().forEach((key, value) -> {
            if (key.startsWith(PROVENANCE)) {
                provenance.put(key.substring(PROVENANCE.length()), value);
            }
        });
        return provenance;
    }

    /// Names of the side files.
    public List<String> files() {
        return file.names().stream()
                .filter(name -> name.startsWith(FILES))
                .map(name -> name.substring(FILES.length()))
                .toList();
    }

    /// Size of the file in bytes.
    public long bytes() {
        return file.bytes();
    }

    @Override
    public void close() {
        file.close();
    }
}
