package dev.pbs2p.compress.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pbs2p.compress.CalibrationText;
import dev.pbs2p.compress.CompressOptions;
import dev.pbs2p.compress.Compressor;
import dev.pbs2p.compress.TuningPlan;
import dev.pbs2p.generate.Model;
import dev.pbs2p.kernel.Backend;
import dev.pbs2p.kernel.KvCache;
import dev.pbs2p.kernel.ScalarBackend;
import dev.pbs2p.kernel.VectorBackend;
import dev.pbs2p.model.Models;
import dev.pbs2p.model.TinyFamily;
import dev.pbs2p.tensor.ByteMatrix;
import dev.pbs2p.tensor.Checkpoint;
import dev.pbs2p.tensor.DType;
import dev.pbs2p.tensor.PackedFormat;
import dev.pbs2p.tensor.PackedMatrix;
import dev.pbs2p.tensor.Tensor;
import dev.pbs2p.weights.Checkpoints;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Every model family, as it is and compressed with both presets, against an independent float64 forward pass.
final class FamilyTest {

    private static final int[] IDS = new Random(3).ints(25, 0, 4096).toArray();

    private static final List<Supplier<Backend>> BACKENDS =
            List.of(ScalarBackend::new, () -> new VectorBackend(2, 8), () -> new TorchBackend(2));

    @TempDir
    Path folder;

    @ParameterizedTest
    @EnumSource
    void logitsAreThoseOfTheReference(TinyFamily family) throws IOException {
        try (Checkpoint checkpoint = Checkpoints.open(family.write(folder.resolve("model")))) {
            double[] expected = new TorchReference(checkpoint).logits(IDS);
            double largest = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
            for (Supplier<Backend> backend : BACKENDS) {
                float[] seen = logits(checkpoint, backend.get());
                for (int i = 0; i < seen.length; i++) {
                    assertEquals(expected[i], seen[i], 1e-4 * largest);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void thePaperPresetsFileRunsAsTheValuesOfItsCodes(TinyFamily family) throws IOException {
        PackedFormat format = new PackedFormat(4, 8, false, 128, 3, false, true);
        assertPackedRuns(family, CompressOptions.paper(format));
    }

    @ParameterizedTest
    @EnumSource
    void theBestPresetsFileRunsAsTheValuesOfItsCodes(TinyFamily family) throws IOException {
        PackedFormat format = new PackedFormat(8, 16, true, 128, 1, false, false);
        assertPackedRuns(family, CompressOptions.best(format).withTuning(new TuningPlan(1, 1)));
    }

    /// The scalar and the vector backend differ from the reference in their activations alone, rounded to 8 bits (at
    /// most 1/254 of the largest of a run, in 14 products one after another); LibTorch's are not rounded.
    private void assertPackedRuns(TinyFamily family, CompressOptions options) throws IOException {
        Path packed = folder.resolve("model.pbs2p");
        CalibrationText text =
                new CalibrationText("random", new Random(1).ints(400, 0, 4096).toArray());
        try (Checkpoint source = Checkpoints.open(family.write(folder.resolve("model")))) {
            new Compressor(source, options.withCalibration(4, TinyFamily.CONTEXT, 0), _ -> {}).compress(text, packed);
        }
        try (Checkpoint checkpoint = Checkpoints.open(packed)) {
            assertStored(checkpoint, options.byteTables());
            double[] expected = new TorchReference(checkpoint).logits(IDS);
            assertEquals(0, error(expected, logits(checkpoint, new ScalarBackend())), 0.03);
            assertEquals(0, error(expected, logits(checkpoint, new VectorBackend(2, 8))), 0.03);
            assertEquals(0, error(expected, logits(checkpoint, new TorchBackend(2))), 1e-4);
        }
    }

    /// The linears of the blocks are packed, with preset best the vocabulary's tables are in 8 bits; all else, biases
    /// among it, is in 16.
    private static void assertStored(Checkpoint checkpoint, boolean byteTables) {
        int linears = 0;
        for (String name : checkpoint.names()) {
            if (checkpoint.weight(name) instanceof Tensor tensor) {
                assertEquals(DType.F16, tensor.dtype(), name);
            } else if (checkpoint.weight(name) instanceof ByteMatrix) {
                assertTrue(byteTables && (name.contains("embed_tokens") || name.contains("lm_head")), name);
            } else {
                assertTrue(name.contains(".layers.") && checkpoint.weight(name) instanceof PackedMatrix, name);
                linears++;
            }
        }
        boolean opt = checkpoint.names().contains("model.decoder.layers.1.fc1.bias");
        assertEquals(2 * (opt ? 6 : 7), linears);
        assertEquals(
                opt ? 2 * 6 : 0,
                checkpoint.names().stream()
                        .filter(name -> name.endsWith(".bias") && !name.contains("norm"))
                        .count());
    }

    private static float[] logits(Checkpoint checkpoint, Backend on) {
        try (Backend backend = on;
                Model model = Models.open(checkpoint, backend);
                Backend.Scope _ = backend.scope();
                KvCache cache = backend.window(1)) {
            return backend.read(model.logits(model.forward(IDS, cache)));
        }
    }

    /// Root mean square of the difference, relative to the expected logits.
    private static double error(double[] expected, float[] seen) {
        double squares = 0;
        double errors = 0;
        for (int i = 0; i < seen.length; i++) {
            squares += expected[i] * expected[i];
            errors += (seen[i] - expected[i]) * (seen[i] - expected[i]);
        }
        return Math.sqrt(errors / squares);
    }
}
