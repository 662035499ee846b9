package dev.pbs2p.weights;

import dev.pbs2p.format.FormatException;
import dev.pbs2p.tensor.Checkpoint;
import dev.pbs2p.tensor.Loading;
import dev.pbs2p.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// A model as Hugging Face's library saves it: a directory with `config.json`, tokenizer files and the weights in one
/// safetensors file, or in several that `model.safetensors.index.json` lists. Without any safetensors,
/// `pytorch_model.bin` or the files that its index lists; their pickles are read, not executed.
public final class HfDirectory implements Checkpoint {

    private static final String SINGLE = "model.safetensors";
    private static final String INDEX = "model.safetensors.index.json";
    private static final String TORCH_SINGLE = "pytorch_model.bin";
    private static final String TORCH_INDEX = "pytorch_model.bin.index.json";

    private final Path directory;
    private final Map<String, WeightFile> files = new LinkedHashMap<>();
    private final Map<String, WeightFile> fileOf = new LinkedHashMap<>();

    private HfDirectory(Path directory) {
        this.directory = directory;
    }

    /// Maps all weight files and checks their headers and that none is missing.
    ///
    /// @throws FormatException if the directory holds no complete set of safetensors files
    public static HfDirectory open(Path directory) {
        if (!Files.isDirectory(directory)) {
            throw new FormatException(
                    Files.exists(directory)
                            ? directory + " is a file, not the directory of a model"
                            : "there is no directory " + directory);
        }
        HfDirectory checkpoint = new HfDirectory(directory);
        try {
            checkpoint.openWeights();
            return checkpoint;
        } catch (FormatException e) {
            checkpoint.close();
            throw e;
        }
    }

    private void openWeights() {
        Set<String> names = listing();
        boolean torch = names.stream().noneMatch(name -> name.endsWith(".safetensors") || name.equals(INDEX));
        String index = torch ? TORCH_INDEX : INDEX;
        if (names.contains(index) && !names.contains(torch ? TORCH_SINGLE : SINGLE)) {
            openShards(index, torch ? ".bin" : ".safetensors");
            return;
        }
        WeightFile file = openFile(torch ? torchFile(names) : safetensorsFile(names));
        file.names().forEach(name -> fileOf.put(name, file));
    }

    /// `model.safetensors`, or the only safetensors file there is.
    private String safetensorsFile(Set<String> names) {
        if (names.contains(SINGLE)) {
            return SINGLE;
        }
        List<String> candidates =
                names.stream().filter(name -> name.endsWith(".safetensors")).toList();
        if (candidates.size() != 1) {
            throw new FormatException(directory + " has " + candidates.size() + " safetensors files, but no " + INDEX
                    + " that says what is in each");
        }
        return candidates.getFirst();
    }

    private String torchFile(Set<String> names) {
        if (!names.contains(TORCH_SINGLE)) {
            throw new FormatException(
                    directory + " has no *.safetensors file, and no " + TORCH_SINGLE + " in its place");
        }
        return TORCH_SINGLE;
    }

    private Set<String> listing() {
        try (Stream<Path> paths = Files.list(directory)) {
            return paths.map(path -> path.getFileName().toString()).collect(Collectors.toCollection(TreeSet::new));
        } catch (IOException e) {
            throw new FormatException("cannot list " + directory + ": " + e.getMessage(), e);
        }
    }

    private void openShards(String indexName, String suffix) {
        Map<String, String> index = ShardIndex.parse(directory.resolve(indexName), suffix);
        Set<String> missing = new TreeSet<>(index.values());
        int shards = missing.size();
        missing.removeIf(file -> Files.exists(directory.resolve(file)));
        if (!missing.isEmpty()) {
            throw new FormatException(directory + " lacks " + missing.size() + " of its " + shards + " weight files: "
                    + String.join(", ", missing));
        }
        index.forEach((name, fileName) -> {
            WeightFile file = files.containsKey(fileName) ? files.get(fileName) : openFile(fileName);
            if (!file.names().contains(name)) {
                throw new FormatException(
                        file.path() + " has no tensor " + name + ", which " + indexName + " puts there");
            }
            fileOf.put(name, file);
        });
    }

    private WeightFile openFile(String name) {
        WeightFile file = WeightFile.open(directory.resolve(name));
        files.put(name, file);
        return file;
    }

    @Override
    public String source() {
        return directory.toString();
    }

    @Override
    public Set<String> names() {
        return Collections.unmodifiableSet(fileOf.keySet());
    }

    @Override
    public Tensor weight(String name) {
        WeightFile file = fileOf.get(name);
        if (file == null) {
            throw new FormatException(directory + " has no weight " + name + "; its " + fileOf.size()
                    + " weights begin with "
                    + fileOf.keySet().stream().limit(3).collect(Collectors.joining(", ")));
        }
        return file.tensor(name);
    }

    @Override
    public Optional<byte[]> file(String name) {
        Path path = directory.resolve(name);
        if (!Files.isRegularFile(path)) {
            return Optional.empty();
        }
        try {
            return Optional.of(Files.readAllBytes(path));
        } catch (IOException e) {
            throw new FormatException("cannot read " + path + ": " + e.getMessage(), e);
        }
    }

    @Override
    public void load(Loading how) {
        files.values().forEach(file -> file.load(how));
    }

    @Override
    public void close() {
        files.values().forEach(WeightFile::close);
    }
}
