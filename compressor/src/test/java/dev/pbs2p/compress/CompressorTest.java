package dev.pbs2p.compress;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pbs2p.format.FormatException;
import dev.pbs2p.format.Pbs2pFile;
import dev.pbs2p.kernel.ScalarBackend;
import dev.pbs2p.model.Models;
import dev.pbs2p.model.TinyLlama;
import dev.pbs2p.tensor.Checkpoint;
import dev.pbs2p.tensor.DType;
import dev.pbs2p.tensor.PackedFormat;
import dev.pbs2p.tensor.PackedMatrix;
import dev.pbs2p.tensor.Tensor;
import dev.pbs2p.weights.Checkpoints;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class CompressorTest {

    private static final PackedFormat FORMAT = new PackedFormat(4, 8, false, 64, 1, false, false);

    @TempDir
    Path directory;

    private Path source;

    @BeforeEach
    void writeModel() {
        source = TinyLlama.standard().withSizes(67, 40, 72, 3).write(directory.resolve("model"));
    }

    private static CompressOptions options(boolean coarse) {
        CompressOptions.Method method = new CompressOptions.Method("sign", new RoundToSign());
        return new CompressOptions(method, FORMAT, coarse, 5, 24, 3, 2, TuningPlan.NONE, null, false);
    }

    private static CalibrationText text() {
        return new CalibrationText("random", new Random(1).ints(300, 0, 67).toArray());
    }

    private CompressReport compress(
            Path output, CompressOptions options, Calibration calibration, Consumer<CompressEvent> listener)
            throws IOException {
        try (Checkpoint checkpoint = Checkpoints.open(source)) {
            return new Compressor(checkpoint, options, listener).compress(calibration, output);
        }
    }

    private byte[] uninterrupted(CompressOptions options, Calibration calibration) throws IOException {
        Path output = directory.resolve("whole.pbs2p");
        compress(output, options, calibration, event -> {});
        return Files.readAllBytes(output);
    }

    @Test
    void theResultIsACompleteModel() throws IOException {
        Path output = directory.resolve("out.pbs2p");
        List<CompressEvent> events = new ArrayList<>();
        CompressReport report = compress(output, options(false), text(), events::add);

        assertEquals(21, report.linears().size());
        assertEquals(Files.size(output), report.bytes());
        assertEquals(0.5, report.nominalBits(), 1e-9);
        assertTrue(report.linears().stream().allMatch(linear -> linear.error() > 0 && linear.error() < 2));
        assertEquals(
                3,
                events.stream()
                        .filter(CompressEvent.BlockDone.class::isInstance)
                        .count());
        try (Pbs2pFile file = Pbs2pFile.open(output);
                ScalarBackend backend = new ScalarBackend()) {
            assertTrue(file.weight("model.layers.2.mlp.down_proj.weight") instanceof PackedMatrix);
            assertEquals(DType.F16, ((Tensor) file.weight("model.norm.weight")).dtype());
            assertEquals("sign", file.provenance().get("preset"));
            Models.open(file, backend).close();
        }
        assertFalse(Files.exists(WorkDirectory.beside(output)), "the work directory is left");
    }

    @Test
    void theTokenizerComesAlongInWhateverForm() throws IOException {
        Path output = directory.resolve("out.pbs2p");
        for (String name : List.of("tokenizer.model", "tokenizer.json")) { // the latter is added and then suffices
            Files.write(source.resolve(name), new byte[] {1, 2});
            compress(output, options(false), text(), event -> {});
            try (Pbs2pFile file = Pbs2pFile.open(output)) {
                for (String other : List.of("tokenizer.model", "tokenizer.json")) {
                    assertEquals(name.equals(other), file.file(other).isPresent(), name + " " + other);
                }
            }
        }
    }

    /// The compressed predecessors, not the original ones, give the inputs of a block.
    @Test
    void errorsAreThoseOfTheCompressedModel() throws IOException {
        CompressReport once = compress(directory.resolve("a.pbs2p"), options(false), text(), event -> {});
        CompressReport.Linear second = once.linears().get(7);
        assertEquals("model.layers.1.self_attn.q_proj.weight", second.name());
        Path output = directory.resolve("a.pbs2p");
        double expected;
        try (Pbs2pFile file = Pbs2pFile.open(output);
                Checkpoint original = Checkpoints.open(source)) {
            expected = BlockInputs.relativeError(file, original, text().windows(5, 24, 3), 24, second.name());
        }
        // float32 sums in another order
        assertEquals(expected, second.error(), 1e-4 * expected);
    }

    @ParameterizedTest
    @CsvSource({"1,false", "2,false", "1,true", "2,true"})
    void aKilledRunContinuesToTheSameBytes(int blocks, boolean coarse) throws IOException {
        byte[] expected = uninterrupted(options(coarse), text());
        Path output = directory.resolve("killed.pbs2p");
        assertThrows(Killed.class, () -> compress(output, options(coarse), text(), killAfter(blocks)));
        assertFalse(Files.exists(output));
        List<CompressEvent> events = new ArrayList<>();
        CompressReport report = compress(output, options(coarse), text(), events::add);
        assertArrayEquals(expected, Files.readAllBytes(output));
        assertEquals(21, report.linears().size());
        assertEquals(
                3 - blocks,
                events.stream()
                        .filter(CompressEvent.BlockDone.class::isInstance)
                        .count());
    }

    @ParameterizedTest
    @CsvSource({
        "tuning the model,0,1",
        "tuning the model,0,3",
        "tuning the model,0,4",
        "tuning block 2,1,2",
        "tuning the model,1,4"
    })
    void aKilledTuningContinuesToTheSameBytes(String killed, int blockEpochs, int step) throws IOException {
        CompressOptions options = options(false).withCalibration(12, 24, 3).withTuning(new TuningPlan(blockEpochs, 2));
        byte[] expected = uninterrupted(options, text());
        assertFalse(java.util.Arrays.equals(uninterrupted(options.withTuning(TuningPlan.NONE), text()), expected));
        Path output = directory.resolve("killed.pbs2p");
        Consumer<CompressEvent> killer = event -> {
            if (event instanceof CompressEvent.Stage stage && stage.stage().equals(killed) && stage.done() == step) {
                throw new Killed();
            }
        };
        assertThrows(Killed.class, () -> compress(output, options, text(), killer));
        CompressReport report = compress(output, options, text(), event -> {});
        assertArrayEquals(expected, Files.readAllBytes(output));
        CompressReport.Tuned tuned = java.util.Objects.requireNonNull(report.tuning());
        assertTrue(tuned.after() < tuned.before(), tuned.toString());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 8})
    void aBudgetOfBitsIsMetAndKept(int killed) throws IOException {
        source = TinyLlama.standard()
                .withSizes(67, 128, 256, 2)
                .withHeads(4, 4, 32)
                .write(directory.resolve("wide"));
        CompressOptions options = CompressOptions.best(FORMAT)
                .withCalibration(4, 24, 3)
                .withTuning(TuningPlan.NONE)
                .withBits(2.4);
        byte[] expected = uninterrupted(options, text());
        Path output = directory.resolve("killed.pbs2p");
        Consumer<CompressEvent> killer = event -> {
            if (event instanceof CompressEvent.Stage stage && stage.done() == killed) {
                throw new Killed();
            }
        };
        assertThrows(Killed.class, () -> compress(output, options, text(), killer));
        CompressReport report = compress(output, options, text(), event -> {});
        assertArrayEquals(expected, Files.readAllBytes(output));
        assertEquals(2.4, report.realBits(), 0.024, () -> report.linears().toString());
        assertTrue(report.linears().stream().allMatch(linear -> linear.damage() != null && linear.damage() >= -1e-6));
        assertTrue(report.linears().stream()
                        .map(CompressReport.Linear::format)
                        .distinct()
                        .count()
                > 1);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aTrialTimesABlockAndLeavesNothing(boolean coarse) throws IOException {
        Path output = directory.resolve("out.pbs2p");
        Trial trial;
        try (Checkpoint checkpoint = Checkpoints.open(source)) {
            CompressOptions options = options(coarse).withTuning(TuningPlan.BLOCK);
            trial = new Compressor(checkpoint, options, event -> {}).trial(output);
        }
        assertEquals(3, trial.blocks());
        assertTrue(trial.secondsABlock() > 0 && trial.needs().memoryBytes() > 0, trial.toString());
        assertEquals(3 * trial.secondsABlock(), trial.seconds());
        try (Stream<Path> left = Files.list(directory)) {
            assertEquals(List.of(source), left.toList());
        }
    }

    @Test
    void anotherCompressionInTheSamePlaceIsRefused() {
        Path output = directory.resolve("killed.pbs2p");
        assertThrows(Killed.class, () -> compress(output, options(false), text(), killAfter(1)));
        String message = assertThrows(
                        FormatException.class,
                        () -> compress(output, options(false).withCalibration(5, 24, 4), text(), event -> {}))
                .getMessage();
        assertTrue(message.contains("seed = 3") && message.contains("seed = 4"), message);
    }

    @Test
    void calibrationWrittenByTheModelIsTheSameAfterAKill() throws IOException {
        Calibration sampled = new Calibration.Sampled(OptionalInt.of(1), Set.of(2));
        byte[] expected = uninterrupted(options(false), sampled);
        Path output = directory.resolve("killed.pbs2p");
        assertThrows(Killed.class, () -> compress(output, options(false), sampled, killAfter(1)));
        compress(output, options(false), sampled, event -> {});
        assertArrayEquals(expected, Files.readAllBytes(output));
    }

    @Test
    void theCoarseStageMovesWeightsBetweenBlocks() throws IOException {
        CompressReport report = compress(directory.resolve("out.pbs2p"), options(true), text(), event -> {});
        List<String> patterns = Stream.of(0, 7, 14)
                .map(i -> report.linears().get(i).pattern())
                .sorted()
                .toList();
        assertEquals(List.of("3:8", "4:8", "5:8"), patterns);
        assertEquals(3, report.lr().size());
        assertEquals(0.5, report.nominalBits(), 1e-9);
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.NEGATIVE_INFINITY})
    void weightsThatAreNotFiniteAreNamed(float bad) throws IOException {
        Path file = source.resolve("model.safetensors");
        byte[] bytes = Files.readAllBytes(file);
        // The last weights of the file are the final norm's gains.
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putFloat(bytes.length - 8, bad);
        Files.write(file, bytes);
        Path output = directory.resolve("out.pbs2p");
        String message = assertThrows(
                        FormatException.class, () -> compress(output, options(false), text(), event -> {}))
                .getMessage();
        assertTrue(message.contains("model.norm.weight") && message.contains("" + bad), message);
        assertFalse(Files.exists(output));
    }

    @Test
    void aCompressedModelIsNotCompressedAgain() throws IOException {
        Path output = directory.resolve("out.pbs2p");
        compress(output, options(false), text(), event -> {});
        source = output;
        String message = assertThrows(
                        FormatException.class,
                        () -> compress(directory.resolve("twice.pbs2p"), options(false), text(), event -> {}))
                .getMessage();
        assertTrue(message.contains("compressed already"), message);
    }

    @Test
    void aTextThatIsTooShortIsRefused() {
        CalibrationText text = new CalibrationText("short.txt", new int[7]);
        String message = assertThrows(
                        IllegalArgumentException.class,
                        () -> compress(directory.resolve("out.pbs2p"), options(false), text, event -> {}))
                .getMessage();
        assertTrue(message.contains("short.txt has 7 tokens"), message);
    }

    private static Consumer<CompressEvent> killAfter(int blocks) {
        return event -> {
            if (event instanceof CompressEvent.BlockDone done && done.done() == blocks) {
                throw new Killed();
            }
        };
    }

    private static final class Killed extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }
}
