package dev.pbs2p.weights;

import dev.pbs2p.format.FormatException;
import dev.pbs2p.format.MappedFile;
import dev.pbs2p.tensor.Checkpoint;
import dev.pbs2p.tensor.Loading;
import dev.pbs2p.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;

/// A model in one GGUF file, handed out as the Hugging Face checkpoint that it was made from: weights under the
/// checkpoint's names, and `config.json` and the tokenizer's files written from the values in the file.
///
/// Weights in F32, F16 and BF16 are mapped, except queries and keys, whose rows GGUF keeps in another order; those, and
/// Q8_0 and Q4_0 (as float16), are decoded when they are used, until they are unloaded or the file is closed.
public final class GgufFile implements Checkpoint {

    private static final String EMBEDDING = "model.embed_tokens.weight";
    private static final String HEAD = "lm_head.weight";
    private static final String ROPE_FACTORS = "rope_freqs.weight";

    private final Path path;
    private final MappedFile file;
    private final GgufValues values;
    private final Map<String, GgufHeader.Entry> entries = new LinkedHashMap<>();
    private final Map<String, Tensor> weights = new ConcurrentHashMap<>();

    private GgufFile(Path path, MappedFile file, GgufHeader header) {
        this.path = path;
        this.file = file;
        this.values = new GgufValues(path.toString(), header.values());
        header.tensors().forEach((name, entry) -> entries.put(GgufNames.checkpointName(name), entry));
    }

    /// Maps a file and checks its header.
    ///
    /// @throws FormatException if it cannot be read, is not a whole GGUF file, or holds a type that is not read
    public static GgufFile open(Path path) {
        MappedFile file = MappedFile.open(path);
        try {
            return new GgufFile(path, file, GgufHeader.parse(file.bytes()));
        } catch (FormatException e) {
            file.close();
            throw new FormatException(path + " is not a usable GGUF file: " + e.getMessage(), e);
        }
    }

    /// Whether a file begins as a GGUF file does.
    static boolean begins(Path path) {
        try (var in = Files.newInputStream(path)) {
            return new String(in.readNBytes(4), StandardCharsets.ISO_8859_1).equals("GGUF");
        } catch (IOException e) {
            return false; // whoever opens it says why
        }
    }

    @Override
    public String source() {
        return path.toString();
    }

    @Override
    public Set<String> names() {
        return Collections.unmodifiableSet(entries.keySet());
    }

    @Override
    public Tensor weight(String name) {
        GgufHeader.Entry entry = entry(name);
        return weights.computeIfAbsent(name, _ -> read(name, entry));
    }

    StoredTensor stored(String name) {
        GgufHeader.Entry entry = entry(name);
        return new StoredTensor(entry.type().name(), entry.shape(), entry.bytes());
    }

    private GgufHeader.Entry entry(String name) {
        GgufHeader.Entry entry = entries.get(name);
        if (entry == null) {
            throw new FormatException(path + " has no weight " + name + "; its " + entries.size()
                    + " weights begin with "
                    + entries.keySet().stream().limit(3).collect(Collectors.joining(", ")));
        }
        return entry;
    }

    private Tensor read(String name, GgufHeader.Entry entry) {
        MemorySegment stored = file.bytes().asSlice(entry.offset(), entry.bytes());
        GgufType type = entry.type();
        long[] shape = entry.shape().stream().mapToLong(Long::longValue).toArray();
        int heads = heads(name);
        if (heads == 0 && type.elements() == 1) {
            return new Tensor(type.dtype(), shape, stored);
        }
        if (heads != 0) {
            checkPairs(name, shape[0], heads);
        }
        return Tensor.decoded(type.dtype(), shape, arena -> decode(stored, type, shape[0], heads, arena));
    }

    private static MemorySegment decode(MemorySegment stored, GgufType type, long rows, int heads, Arena arena) {
        long size = stored.byteSize()
                / type.bytes(type.elements())
                * type.elements()
                * type.dtype().bytes();
        MemorySegment elements = arena.allocate(size, 64);
        if (heads == 0) {
            type.decode(stored, elements);
        } else {
            try (Arena scratch = Arena.ofConfined()) {
                MemorySegment interleaved = scratch.allocate(size);
                type.decode(stored, interleaved);
                separate(rows, heads, interleaved, elements);
            }
        }
        return elements;
    }

    /// Heads of queries or keys; 0 for other weights.
    private int heads(String name) {
        int queries = values.number(GgufConfig.HEADS).orElse(0);
        if (name.contains(".self_attn.q_proj.")) {
            return queries;
        }
        return name.contains(".self_attn.k_proj.")
                ? values.number(GgufConfig.KEY_HEADS).orElse(queries)
                : 0;
    }

    private void checkPairs(String name, long rows, int heads) {
        if (heads < 0 || rows % (2L * heads) != 0) {
            throw new FormatException(path + " has " + rows + " rows in " + name + ", which are no pairs of rows for "
                    + heads + " heads");
        }
    }

    /// Puts the rows of each head back where the checkpoint has them. GGUF keeps the two rows of a rotated pair side by
    /// side; the checkpoint has the first ones of all pairs, then the second ones.
    private static void separate(long rows, int heads, MemorySegment from, MemorySegment to) {
        long head = rows / heads;
        long bytes = from.byteSize() / rows;
        for (long row = 0; row < rows; row++) {
            long within = row % head;
            long source = row - within + within % (head / 2) * 2 + within / (head / 2);
            MemorySegment.copy(from, source * bytes, to, row * bytes, bytes);
        }
    }

    @Override
    public Optional<byte[]> file(String name) {
        Optional<String> text = switch (name) {
            case "config.json" -> Optional.of(config());
            case "tokenizer.json" -> new GgufTokenizer(values).json();
            case "tokenizer_config.json" -> Optional.of(new GgufTokenizer(values).config());
            default -> Optional.empty();
        };
        return text.map(content -> content.getBytes(StandardCharsets.UTF_8));
    }

    private String config() {
        GgufHeader.Entry embedding = entries.get(EMBEDDING);
        return new GgufConfig(values)
                .json(
                        embedding == null ? 0 : embedding.shape().getFirst(),
                        entries.containsKey(HEAD),
                        entries.containsKey("model.layers.0.self_attn.q_proj.bias"),
                        entries.containsKey(ROPE_FACTORS) ? weight(ROPE_FACTORS).toFloats() : new float[0]);
    }

    @Override
    public void load(Loading how) {
        file.load(how);
    }

    @Override
    public void close() {
        weights.values().forEach(Tensor::unload);
        file.close();
    }
}
