package dev.pbs2p.compress;

import dev.pbs2p.format.FormatException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What a compression has finished, in a directory beside its output, so that a killed run continues where it was.
///
/// Every file appears under its name only when it is complete. `settings.txt` says what the compression starts from;
/// `windows.i32` holds the calibration ids, `cosines.txt` or `damages-K.txt` the result of the coarse stage,
/// `hidden-K.f32` what enters block K, `block-K.pbs2p` the packed linears of block K, `tuning.state` how far tuning is,
/// and `tuned.pbs2p` what it gave.
final class WorkDirectory {

    private final Path path;

    private WorkDirectory(Path path) {
        this.path = path;
    }

    static Path beside(Path output) {
        return output.resolveSibling(output.getFileName() + ".work");
    }

    /// Makes the directory, or continues in it.
    ///
    /// @throws FormatException if it belongs to a compression with other settings
    static WorkDirectory open(Path path, Map<String, String> settings) throws IOException {
        Files.createDirectories(path);
        WorkDirectory directory = new WorkDirectory(path);
        List<String> lines = new ArrayList<>();
        settings.forEach((key, value) -> lines.add(key + " = " + value));
        Path file = path.resolve("settings.txt");
        if (Files.exists(file)) {
            directory.compare(Files.readAllLines(file), lines);
        } else {
            directory.write("settings.txt", String.join("\n", lines).getBytes(StandardCharsets.UTF_8));
        }
        return directory;
    }

    private void compare(List<String> there, List<String> here) {
        for (int i = 0; i < Math.max(there.size(), here.size()); i++) {
            String old = i < there.size() ? there.get(i) : "nothing";
            String now = i < here.size() ? here.get(i) : "nothing";
            if (!old.equals(now)) {
                throw new FormatException(
                        path + " holds an unfinished compression with \"" + old + "\", but this one has \"" + now
                                + "\": continue with the same settings, or delete that directory to start anew");
            }
        }
    }

    private void write(String name, byte[] content) throws IOException {
        Path temporary = path.resolve(name + ".tmp");
        Files.write(temporary, content);
        Files.move(temporary, path.resolve(name), StandardCopyOption.ATOMIC_MOVE);
    }

    private Optional<byte[]> read(String name) throws IOException {
        try {
            return Optional.of(Files.readAllBytes(path.resolve(name)));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    Optional<int[]> windows() throws IOException {
        return read("windows.i32").map(bytes -> {
            int[] ids = new int[bytes.length / 4];
            ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asIntBuffer().get(ids);
            return ids;
        });
    }

    void saveWindows(int[] ids) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(4 * ids.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asIntBuffer().put(ids);
        write("windows.i32", bytes.array());
    }

    /// The score of every block.
    Optional<double[]> cosines() throws IOException {
        return numbers("cosines.txt");
    }

    void saveCosines(double[] cosines) throws IOException {
        saveNumbers("cosines.txt", cosines);
    }

    /// The damage of every linear of a block in every candidate format.
    Optional<double[]> damages(int block) throws IOException {
        return numbers("damages-" + block + ".txt");
    }

    void saveDamages(int block, double[] damages) throws IOException {
        saveNumbers("damages-" + block + ".txt", damages);
    }

    private Optional<double[]> numbers(String name) throws IOException {
        return read(name)
                .map(bytes -> new String(bytes, StandardCharsets.US_ASCII)
                        .lines()
                        .mapToDouble(Double::parseDouble)
                        .toArray());
    }

    private void saveNumbers(String name, double[] numbers) throws IOException {
        String text = String.join(
                "\n", Arrays.stream(numbers).mapToObj(Double::toString).toList());
        write(name, text.getBytes(StandardCharsets.US_ASCII));
    }

    /// What enters block `block` when the blocks before are compressed.
    Path hidden(int block) {
        return path.resolve("hidden-" + block + ".f32");
    }

    /// What enters block `block` of the original model, or leaves the last.
    Path original(int block) {
        return path.resolve("original-" + block + ".f32");
    }

    Path block(int block) {
        return path.resolve("block-" + block + ".pbs2p");
    }

    /// The state of tuning after its last epoch.
    Optional<byte[]> tuning() throws IOException {
        return read("tuning.state");
    }

    void saveTuning(byte[] state) throws IOException {
        write("tuning.state", state);
    }

    /// The packed linears and the norms of the whole model, tuned.
    Path tuned() {
        return path.resolve("tuned.pbs2p");
    }

    /// Removes the directory and all that is in it.
    void delete() throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(path)) {
            for (Path file : files) {
                Files.delete(file);
            }
        }
        Files.delete(path);
    }
}
