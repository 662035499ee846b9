package dev.pbs2p.weights;

import dev.pbs2p.format.FormatException;
import dev.pbs2p.format.Safetensors;
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
/// safetensors file, or in several that `model.safetensors.index.json` lists.
public final class HfDirectory implements Checkpoint {

    private static final String SINGLE = "model.safetensors";
    private static final String INDEX = "model.safetensors.index.json";

    private final Path directory;
    private final Map<String, Safetensors> files = new LinkedHashMap<>();
    private final Map<String, Safetensors> fileOf = new LinkedHashMap<>();

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
        if (!Files.exists(directory.resolve(SINGLE)) && Files.exists(directory.resolve(INDEX))) {
            openShards(ShardIndex.parse(directory.resolve(INDEX)));
            return;
        }
        Safetensors file = openFile(singleFile());
        file.names().forEach(name -> fileOf.put(name, file));
    }

    /// `model.safetensors`, or the only safetensors file there is.
    private String singleFile() {
        Set<String> names = listing();
        if (names.contains(SINGLE)) {
            return SINGLE;
        }
        List<String> candidates =
                names.stream().filter(name -> name.endsWith(".safetensors")).toList();
        if (candidates.size() == 1) {
            return candidates.getFirst();
        }
        if (!candidates.isEmpty()) {
            throw new FormatException(directory + " has " + candidates.size() + " safetensors files, but no " + INDEX
                    + " that says what is in each");
        }
        boolean pickled = names.stream().anyMatch(name -> name.endsWith(".bin") || name.endsWith(".pth"));
        throw new FormatException(directory + " has no *.safetensors file"
                + (pickled ? ", only pickled weights, which are not read: save the model as safetensors first" : ""));
    }

    private Set<String> listing() {
        try (Stream<Path> paths = Files.list(directory)) {
            return paths.map(path -> path.getFileName().toString()).collect(Collectors.toCollection(TreeSet::new));
        } catch (IOException e) {
            throw new FormatException("cannot list " + directory + ": " + e.getMessage(), e);
        }
    }

    private void openShards(Map<String, String> index) {
        Set<String> missing = new TreeSet<>(index.values());
        int shards = missing.size();
        missing.removeIf(file -> Files.exists(directory.resolve(file)));
        if (!missing.isEmpty()) {
            throw new FormatException(directory + " lacks " + missing.size() + " of its " + shards + " weight files: "
                    + String.join(", ", missing));
        }
        index.forEach((name, fileName) -> {
            Safetensors file = files.containsKey(fileName) ? files.get(fileName) : openFile(fileName);
            if (!file.names().contains(name)) {
                throw new FormatException(file.path() + " has no tensor " + name + ", which " + INDEX + " puts there");
            }
            fileOf.put(name, file);
        });
    }

    private Safetensors openFile(String name) {
        Safetensors file = Safetensors.open(directory.resolve(name));
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
        Safetensors file = fileOf.get(name);
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
        files.values().forEach(Safetensors::close);
    }
}
