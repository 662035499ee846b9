package dev.pbs2p.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pbs2p.format.FormatException;
import dev.pbs2p.model.TinyLlama;
import dev.pbs2p.tensor.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HfDirectoryTest {

    private static final String INDEX = "model.safetensors.index.json";

    @TempDir
    Path directory;

    @ParameterizedTest
    @CsvSource({"F32, 1", "F16, 1", "BF16, 1", "BF16, 3"})
    void readsEveryWeightOfEveryTypeFromOneOrMoreFiles(DType dtype, int shards) {
        TinyLlama model =
                TinyLlama.standard().withDtype(dtype).withShards(shards).withTied(false);
        model.write(directory);
        try (HfDirectory checkpoint = HfDirectory.open(directory)) {
            assertEquals(model.shapes().keySet(), checkpoint.names());
            model.weights().forEach((name, values) -> {
                assertEquals(dtype, checkpoint.weight(name).dtype());
                assertArrayEquals(
                        Arrays.stream(model.shapes().get(name)).asLongStream().toArray(),
                        checkpoint.weight(name).shape());
                assertArrayEquals(values, checkpoint.weight(name).toFloats(), name);
            });
        }
    }

    @Test
    void handsOutSideFiles() throws IOException {
        TinyLlama.standard().write(directory);
        Files.writeString(directory.resolve("tokenizer.json"), "{}");
        try (HfDirectory checkpoint = HfDirectory.open(directory)) {
            assertArrayEquals("{}".getBytes(), checkpoint.file("tokenizer.json").orElseThrow());
            assertTrue(checkpoint.file("chat_template.jinja").isEmpty());
        }
    }

    @Test
    void acceptsASingleFileOfAnotherName() throws IOException {
        TinyLlama.standard().write(directory);
        Files.move(directory.resolve("model.safetensors"), directory.resolve("weights.safetensors"));
        try (HfDirectory checkpoint = HfDirectory.open(directory)) {
            assertEquals(TinyLlama.standard().shapes().keySet(), checkpoint.names());
        }
    }

    @Test
    void saysThatThereIsNoSuchDirectory() throws IOException {
        assertSays("there is no directory", directory.resolve("none"));
        Path file = Files.createFile(directory.resolve("file"));
        assertSays("is a file, not the directory of a model", file);
    }

    @Test
    void saysThatThereAreNoWeights() throws IOException {
        assertSays("has no *.safetensors file", directory);
        Files.createFile(directory.resolve("pytorch_model.bin"));
        assertSays("pytorch_model.bin is not a usable PyTorch file", directory);
    }

    @Test
    void saysWhichShardsAreMissing() throws IOException {
        TinyLlama.standard().withShards(3).write(directory);
        Files.delete(directory.resolve("model-00002-of-00003.safetensors"));
        assertSays("lacks 1 of its 3 weight files: model-00002-of-00003.safetensors", directory);
    }

    @Test
    void saysThatSeveralFilesNeedAnIndex() throws IOException {
        TinyLlama.standard().withShards(2).write(directory);
        Files.delete(directory.resolve(INDEX));
        assertSays("has 2 safetensors files, but no " + INDEX, directory);
    }

    @Test
    void saysThatAShardLacksWhatTheIndexPromises() throws IOException {
        TinyLlama.standard().withShards(2).write(directory);
        Path index = directory.resolve(INDEX);
        Files.writeString(index, Files.readString(index).replace("model.norm.weight", "model.other.weight"));
        assertSays("has no tensor model.other.weight", directory);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "{; not valid JSON",
                "[]; has no weight_map",
                "{\"weight_map\": {}}; has no weight_map",
                "{\"weight_map\": {\"a\": 3}}; puts a into 3",
                "{\"weight_map\": {\"a\": \"../b.safetensors\"}}; which is no file name",
            })
    void rejectsABrokenIndex(String json, String said) throws IOException {
        Files.writeString(directory.resolve(INDEX), json);
        assertSays(said, directory);
    }

    @Test
    void rejectsATruncatedFile() throws IOException {
        TinyLlama.standard().write(directory);
        Path file = directory.resolve("model.safetensors");
        Files.write(file, Arrays.copyOf(Files.readAllBytes(file), 5000));
        assertSays("model.safetensors is not a usable safetensors file", directory);
    }

    @Test
    void saysWhichWeightIsMissingAndWhatThereIs() {
        TinyLlama.standard().write(directory);
        try (HfDirectory checkpoint = HfDirectory.open(directory)) {
            FormatException e = assertThrows(FormatException.class, () -> checkpoint.weight("transformer.wte.weight"));
            assertTrue(e.getMessage().contains("no weight transformer.wte.weight"), e.getMessage());
            assertTrue(e.getMessage().contains("model.embed_tokens.weight"), e.getMessage());
        }
    }

    private static void assertSays(String said, Path path) {
        FormatException e = assertThrows(FormatException.class, () -> HfDirectory.open(path));
        assertTrue(e.getMessage().contains(said), e.getMessage());
        assertTrue(!e.getMessage().contains("\n"), "one line");
    }
}
