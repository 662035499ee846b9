package dev.pbs2p.weights;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pbs2p.format.FormatException;
import dev.pbs2p.format.Pbs2pFile;
import dev.pbs2p.format.Pbs2pWriter;
import dev.pbs2p.model.Opened;
import dev.pbs2p.model.TinyLlama;
import dev.pbs2p.tensor.Checkpoint;
import dev.pbs2p.tensor.DType;
import dev.pbs2p.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointsTest {

    @TempDir
    Path folder;

    @Test
    void takesADirectoryForAHuggingFaceCheckpoint() {
        try (Checkpoint checkpoint = Checkpoints.open(TinyLlama.standard().write(folder))) {
            assertInstanceOf(HfDirectory.class, checkpoint);
        }
    }

    @Test
    void takesAFileForAPackedModel() throws IOException {
        TinyLlama tiny = TinyLlama.standard();
        Path file = folder.resolve("tiny.pbs2p");
        Pbs2pWriter writer =
                new Pbs2pWriter().file("config.json", tiny.configJson().getBytes());
        tiny.shapes().forEach((name, shape) -> writer.dense(name, DType.F32, longs(shape)));
        writer.write(
                file,
                name -> Tensor.of(tiny.weights().get(name), longs(tiny.shapes().get(name))));
        try (Opened opened = Opened.scalar(file)) {
            assertInstanceOf(Pbs2pFile.class, opened.checkpoint());
            assertEquals(tiny.shapes().keySet(), opened.checkpoint().names());
            assertEquals(tiny.layers(), opened.model().blocks());
        }
    }

    private static long[] longs(int[] shape) {
        return Arrays.stream(shape).asLongStream().toArray();
    }

    @Test
    void saysThatThereIsNothing() {
        assertSays("there is no model at", folder.resolve("none"));
    }

    @Test
    void rejectsAFileThatIsNotPacked() throws IOException {
        assertSays("text", Files.writeString(folder.resolve("text"), "no model"));
        TinyLlama.standard().write(folder);
        assertSays("model.safetensors", folder.resolve("model.safetensors"));
    }

    private static void assertSays(String said, Path path) {
        FormatException e = assertThrows(FormatException.class, () -> Checkpoints.open(path));
        assertTrue(e.getMessage().contains(said), e.getMessage());
    }
}
