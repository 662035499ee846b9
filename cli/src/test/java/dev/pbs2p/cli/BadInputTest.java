package dev.pbs2p.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What cannot be used ends in one clear sentence, exit code 1, and no output file.
class BadInputTest {

    @TempDir
    private Path folder;

    private Path directory;
    private Path packed;
    private Path weights;

    @BeforeEach
    void models() {
        directory = SmallModel.directory(folder.resolve("model"));
        packed = SmallModel.packed(directory, folder.resolve("model.pbs2p"));
        weights = directory.resolve("model.safetensors");
    }

    private static void refuses(String reason, Object... arguments) {
        Cli.Result result = Cli.run(arguments);
        assertEquals(1, result.code(), result.err());
        assertEquals("", result.out());
        assertFalse(result.err().contains("\tat "), result.err());
        assertEquals(
                1,
                result.err().lines().filter(line -> line.startsWith("pbs2p: ")).count(),
                result.err());
        assertTrue(result.err().contains(reason), result.err());
    }

    private void refusesToCompress(String reason) throws IOException {
        Path output = folder.resolve("out.pbs2p");
        refuses(reason, "compress", directory, "-o", output, "--windows", 2, "--window", 16);
        try (var files = Files.list(folder)) {
            assertEquals(
                    0,
                    files.filter(file -> String.valueOf(file.getFileName()).startsWith("out."))
                            .count(),
                    "nothing is left");
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 0.0005, 0.01, 0.5, 0.999})
    void truncatedPackedFile(double share) throws IOException {
        byte[] bytes = Files.readAllBytes(packed);
        Files.write(packed, java.util.Arrays.copyOf(bytes, (int) (bytes.length * share)));
        refuses(packed.toString(), "generate", packed, "-p", "x");
        refuses(packed.toString(), "inspect", packed);
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 0.001, 0.02, 0.3, 0.6, 0.9, 0.9999})
    void flippedByte(double place) throws IOException {
        byte[] bytes = Files.readAllBytes(packed);
        bytes[(int) (bytes.length * place)] ^= 0x10;
        Files.write(packed, bytes);
        refuses(packed.toString(), "generate", packed, "-p", "x");
    }

    @Test
    void headerOf2To60Bytes() throws IOException {
        for (Path file : new Path[] {packed, weights}) {
            byte[] bytes = Files.readAllBytes(file);
            ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(0, 1L << 60);
            Files.write(file, bytes);
        }
        refuses("1152921504606846976", "generate", packed, "-p", "x");
        refuses("1152921504606846976", "generate", directory, "-p", "x");
        refusesToCompress("1152921504606846976");
    }

    @Test
    void tensorOutsideTheFile() throws IOException {
        byte[] bytes = Files.readAllBytes(weights);
        String header = new String(bytes, StandardCharsets.ISO_8859_1);
        int digit = header.indexOf("\"data_offsets\": [0, ") + "\"data_offsets\": [0, ".length();
        bytes[digit] = '9';
        Files.write(weights, bytes);
        refuses("model.embed_tokens.weight", "generate", directory, "-p", "x");
        refusesToCompress("model.embed_tokens.weight");
    }

    @Test
    void weightThatIsNotANumber() throws IOException {
        byte[] bytes = Files.readAllBytes(weights);
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putShort(bytes.length - 5000 & -2, (short) 0x7fc0);
        int odd = (int) ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong(0) & 1;
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putShort((bytes.length - 5000 & -2) + odd, (short)
                0x7fc0);
        Files.write(weights, bytes);
        refusesToCompress("NaN");
    }

    @Test
    void unknownArchitecture() throws IOException {
        Path config = directory.resolve("config.json");
        Files.writeString(config, Files.readString(config).replace("LlamaForCausalLM", "BertForMaskedLM"));
        refuses("BertForMaskedLM", "generate", directory, "-p", "x");
        refusesToCompress("BertForMaskedLM");
    }

    @Test
    void missingTokenizer() throws IOException {
        Files.delete(directory.resolve("tokenizer.json"));
        refuses("tokenizer.json", "generate", directory, "-p", "x");
        refuses("tokenizer.json", "tokenize", directory, "-p", "x");
        refusesToCompress("tokenizer.json");
    }

    @Test
    void missingConfig() throws IOException {
        Files.delete(directory.resolve("config.json"));
        refuses("config.json", "generate", directory, "-p", "x");
    }

    @Test
    void missingWeight() throws IOException {
        Files.delete(weights);
        refuses("safetensors", "generate", directory, "-p", "x");
    }

    @Test
    void wrongPaths() throws IOException {
        Path nowhere = folder.resolve("nowhere");
        refuses(nowhere.toString(), "generate", nowhere, "-p", "x");
        refuses(nowhere.toString(), "inspect", nowhere);
        refuses("pull it first: pbs2p pull nobody/nothing", "generate", "nobody/nothing", "-p", "x");
        refuses("is called ORG/NAME", "pull", "nothing");
        refuses(nowhere.toString(), "compress", nowhere, "-o", folder.resolve("out.pbs2p"));
        refuses(nowhere.toString(), "eval", "ppl", directory, "--text", nowhere);
        refuses(nowhere.toString(), "compress", directory, "-o", nowhere.resolve("out.pbs2p"));
        refuses(nowhere.toString(), "compress", directory, "-o", folder.resolve("o"), "--calibration", nowhere);
        refuses(folder.toString(), "eval", "ppl", directory, "--text", folder);
        refuses("config.json", "inspect", directory.resolve("config.json"));
    }

    @Test
    void textsThatCannotBeMeasured() throws IOException {
        Path text = Files.writeString(folder.resolve("short.txt"), "Too short.");
        refuses("less than one window", "eval", "ppl", directory, "--text", text, "--window", 64);
        Files.write(text, new byte[] {(byte) 0xff, (byte) 0xfe, (byte) 0xff});
        refuses("UTF-8", "eval", "ppl", directory, "--text", text, "--window", 64);
        Files.writeString(text, "Long enough.");
        refuses("window", "eval", "ppl", directory, "--text", text, "--window", 1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"4:9", "0:8", "9:8", "four", "4", "-1:8", "4:8:16"})
    void patternsThatDoNotExist(String pattern) {
        refuses(
                pattern.equals("4:9") ? "M = 4, 8 or 16" : "N:M",
                "compress",
                directory,
                "-o",
                folder.resolve("o"),
                "--pattern=" + pattern);
    }

    @Test
    void nothingToMeasure() {
        refuses("--shape", "bench");
        refuses("not both", "bench", packed, "--shape", "llama-7b");
        refuses("llama3-8b", "bench", "--shape", "llama-8b");
        refuses("N:M", "bench", "--shape", "llama-7b", "--pattern", "8");
        refuses("nowhere", "bench", folder.resolve("nowhere"));
        refuses("context", "bench", packed, "-p", "5000");
        refuses("1 or more", "bench", packed, "-n", "0");
        refuses("repetition", "bench", packed, "-r", "0");
        refuses("thread", "bench", packed, "-t", "0");
    }

    @Test
    void promptsThatDoNotFit() {
        refuses("context", "generate", directory, "-p", "word ".repeat(500));
    }
}
