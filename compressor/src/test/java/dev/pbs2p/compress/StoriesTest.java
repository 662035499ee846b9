package dev.pbs2p.compress;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pbs2p.eval.Perplexity;
import dev.pbs2p.eval.Protocol;
import dev.pbs2p.generate.SamplingOptions;
import dev.pbs2p.kernel.VectorBackend;
import dev.pbs2p.model.LanguageModel;
import dev.pbs2p.model.SharedFiles;
import dev.pbs2p.model.TextOptions;
import dev.pbs2p.tensor.Checkpoint;
import dev.pbs2p.tensor.PackedFormat;
import dev.pbs2p.weights.Checkpoints;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The real stories260K model, whose 64 and 172 columns fill no group of 128, compressed from text that it writes.
final class StoriesTest {

    @TempDir
    Path folder;

    @Test
    void thePaperPresetKeepsItTelling() throws IOException {
        assertTells(CompressOptions.paper(new PackedFormat(6, 8, false, 128, 3, false, true)));
    }

    @Test
    void theBestPresetKeepsItTelling() throws IOException {
        assertTells(CompressOptions.best(new PackedFormat(8, 16, true, 128, 1, false, false))
                .withTuning(TuningPlan.MODEL));
    }

    /// So small a model loses much; a model of 512 tokens that knew nothing would have a perplexity of 512.
    private void assertTells(CompressOptions options) throws IOException {
        Path original = SharedFiles.shared("models/stories260k/config.json").getParent();
        Path packed = folder.resolve("stories.pbs2p");
        try (LanguageModel model = open(original);
                Checkpoint checkpoint = Checkpoints.open(original)) {
            CalibrationText text = new CalibrationText("its own", write(model, 1));
            new Compressor(checkpoint, options.withCalibration(16, 128, 0), _ -> {}).compress(text, packed);
            int[] other = write(model, 2);
            double before = perplexity(model, other);
            try (LanguageModel small = open(packed)) {
                double after = perplexity(small, other);
                assertTrue(before < after && after < 64, before + " became " + after);
                assertEquals(30, write(small, 3, 30).length);
            }
        }
    }

    private static LanguageModel open(Path path) {
        return LanguageModel.open(Checkpoints.open(path), () -> new VectorBackend(2, 8));
    }

    private static int[] write(LanguageModel model, long seed) {
        return write(model, seed, 400);
    }

    private static int[] write(LanguageModel model, long seed, int tokens) {
        TextOptions options = new TextOptions(tokens, SamplingOptions.DEFAULT.withSeed(seed));
        return model.generate("Once upon a time", options, _ -> {}).generation().tokens().stream()
                .mapToInt(Integer::intValue)
                .toArray();
    }

    private static double perplexity(LanguageModel model, int[] text) {
        Protocol protocol = new Protocol(
                128, Integer.MAX_VALUE, Protocol.Score.ALL, model.tokenizer().bos());
        return Perplexity.of(model.model(), text, protocol, (done, total, estimate) -> {})
                .perplexity();
    }
}
