package dev.pbs2p.weights;

import dev.pbs2p.format.FormatException;
import dev.pbs2p.format.MappedFile;
import dev.pbs2p.tensor.Loading;
import dev.pbs2p.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/// A `pytorch_model.bin`, mapped: a ZIP archive of a pickle that names the tensors and of their data, stored as it is.
/// Tensors are read where they lie, and nothing of the pickle is executed.
final class TorchFile implements WeightFile {

    private static final String PICKLE = "data.pkl";
    private static final MemorySegment LITTLE_ENDIAN =
            MemorySegment.ofArray("little".getBytes(StandardCharsets.US_ASCII));

    private final Path path;
    private final MappedFile file;
    private Map<String, Tensor> tensors;

    private TorchFile(Path path, MappedFile file) {
        this.path = path;
        this.file = file;
        this.tensors = tensors(file.bytes());
    }

    /// Maps a file and reads its pickle.
    ///
    /// @throws FormatException if it is not a whole file of this kind, or its pickle asks for more than tensors
    static TorchFile open(Path path) {
        MappedFile file = MappedFile.open(path);
        try {
            return new TorchFile(path, file);
        } catch (FormatException e) {
            file.close();
            throw new FormatException(path + " is not a usable PyTorch file: " + e.getMessage(), e);
        }
    }

    private static Map<String, Tensor> tensors(MemorySegment file) {
        Map<String, MemorySegment> entries = StoredZip.entries(file);
        String pickle = entries.keySet().stream()
                .filter(name -> name.equals(PICKLE) || name.endsWith("/" + PICKLE))
                .findFirst()
                .orElseThrow(() -> new FormatException("it has no entry " + PICKLE));
        String folder = pickle.substring(0, pickle.length() - PICKLE.length());
        MemorySegment order = entries.get(folder + "byteorder");
        if (order != null && order.mismatch(LITTLE_ENDIAN) >= 0) {
            throw new FormatException("its numbers are not little-endian");
        }
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        TensorPickle.read(entries.getOrDefault(pickle, MemorySegment.NULL)).forEach((name, entry) -> {
            MemorySegment data = entries.get(folder + "data/" + entry.storage().key());
            if (data == null) {
                throw new FormatException("it has no data of its tensor " + name);
            }
            tensors.put(name, tensor(name, entry, data));
        });
        return tensors;
    }

    private static Tensor tensor(String name, TensorPickle.Entry entry, MemorySegment data) {
        long room = data.byteSize() / entry.storage().dtype().bytes();
        long[] shape = entry.shape().stream().mapToLong(Long::longValue).toArray();
        long count = 1;
        for (int i = shape.length - 1; i >= 0; i--) {
            if (shape[i] < 1 || shape[i] > room / count) {
                throw new FormatException("its tensor " + name + " has the shape " + entry.shape() + ", but there are "
                        + room + " elements");
            }
            if (entry.strides().size() != shape.length
                    || (shape[i] > 1 && entry.strides().get(i) != count)) {
                throw new FormatException("its tensor " + name + " of shape " + entry.shape() + " has the strides "
                        + entry.strides() + ": it is not stored row by row, which is not read");
            }
            count *= shape[i];
        }
        if (entry.offset() < 0 || entry.offset() > room - count) {
            throw new FormatException("its tensor " + name + " begins at element " + entry.offset() + " and has "
                    + count + ", but there are " + room);
        }
        int bytes = entry.storage().dtype().bytes();
        return new Tensor(entry.storage().dtype(), shape, data.asSlice(entry.offset() * bytes, count * bytes));
    }

    @Override
    public Path path() {
        return path;
    }

    @Override
    public Set<String> names() {
        return Collections.unmodifiableSet(tensors.keySet());
    }

    @Override
    public Tensor tensor(String name) {
        Tensor tensor = tensors.get(name);
        if (tensor == null) {
            throw new FormatException(path + " has no tensor " + name + " among its " + tensors.size());
        }
        return tensor;
    }

    @Override
    public void load(Loading how) {
        file.load(how);
        tensors = tensors(file.bytes());
    }

    @Override
    public void close() {
        file.close();
    }
}
