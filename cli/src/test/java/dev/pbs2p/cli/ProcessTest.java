package dev.pbs2p.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pbs2p.hub.FakeHub;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What only a process of its own can show.
class ProcessTest {

    @TempDir
    private static Path folder;

    private static Path directory;
    private static Path packed;

    @BeforeAll
    static void models() {
        directory = SmallModel.directory(folder.resolve("model"));
        packed = SmallModel.packed(directory, folder.resolve("model.pbs2p"));
    }

    private record Result(int code, String out, String err) {}

    private static List<String> java(Object... arguments) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                "--add-modules=jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED",
                "-Xmx1g"));
        for (Object argument : arguments) {
            command.add(String.valueOf(argument));
        }
        return command;
    }

    private static Result run(List<String> command, String input) throws IOException, InterruptedException {
        return run(command, input, Map.of());
    }

    private static Result run(List<String> command, String input, Map<String, String> environment)
            throws IOException, InterruptedException {
        Path in = Files.writeString(Files.createTempFile(folder, "in", ""), input);
        File out = Files.createTempFile(folder, "out", "").toFile();
        File err = Files.createTempFile(folder, "err", "").toFile();
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectInput(in.toFile())
                .redirectOutput(out)
                .redirectError(err);
        builder.environment().put("XDG_STATE_HOME", folder.toString());
        builder.environment().putAll(environment);
        Process process = builder.start();
        assertTrue(process.waitFor(2, TimeUnit.MINUTES), "the process ends");
        return new Result(
                process.exitValue(),
                Files.readString(out.toPath(), StandardCharsets.UTF_8),
                Files.readString(err.toPath(), StandardCharsets.UTF_8));
    }

    @Test
    void aPulledModelIsKnownByItsName() throws Exception {
        try (FakeHub hub = new FakeHub();
                var files = Files.list(directory)) {
            for (Path file : files.toList()) {
                hub.with(file.getFileName().toString(), Files.readAllBytes(file));
            }
            Map<String, String> environment = Map.of(
                    "HF_ENDPOINT",
                    hub.endpoint(),
                    "HF_HOME",
                    folder.resolve("hf").toString());
            Result pulled = run(java("dev.pbs2p.cli.Main", "pull", "org/tiny"), "", environment);
            assertEquals(0, pulled.code, pulled.err);
            assertTrue(
                    pulled.out.startsWith("org/tiny is in " + folder.resolve("hf/hub/models--org--tiny")), pulled.out);
            assertTrue(pulled.err.contains("4 files, "), pulled.err);
            Result measured = run(
                    java("dev.pbs2p.cli.Main", "eval", "ppl", "org/tiny", "--text", "-", "--window", 32, "--limit", 2),
                    "It will rain before evening, said my uncle. ".repeat(20),
                    environment);
            assertEquals(0, measured.code, measured.err);
            assertTrue(measured.out.startsWith("2 windows of 32 tokens"), measured.out);
            assertTrue(measured.out.contains("; text: standard input"), measured.out);
        }
    }

    @Test
    void runningAPackedFileNeverLoadsLibTorch() throws Exception {
        Path text = Files.writeString(folder.resolve("text.txt"), "The old king called his three sons. ".repeat(20));
        String classes = classes("/set max-tokens 3\nThe old king\n", "chat", packed);
        classes += classes("", "generate", packed, "-p", "The old king", "-n", 3);
        classes += classes("", "eval", "ppl", packed, "--text", text, "--window", 64);
        for (String command : List.of("Chat", "Generate", "Perplexity")) {
            assertTrue(classes.contains("dev.pbs2p.cli." + command + "Command"), command);
        }
        assertFalse(classes.contains("org.bytedeco."), "LibTorch's classes");
    }

    /// The classes that a command loads.
    private static String classes(String input, Object... words) throws Exception {
        Path log = folder.resolve("classes.log");
        List<String> command = java("-Xlog:class+load:file=" + log, "dev.pbs2p.cli.Main");
        Stream.of(words).map(String::valueOf).forEach(command::add);
        Result result = run(command, input);
        assertEquals(0, result.code, result.err);
        return Files.readString(log);
    }

    /// In a process of its own, because the compiler knows less of loops that other tests have run otherwise.
    @Test
    void aTokenAllocatesNothingToSpeakOf() throws Exception {
        Result result = run(java("dev.pbs2p.cli.DecodeAllocation", packed), "");
        assertEquals(0, result.code, result.err);
        assertTrue(Long.parseLong(result.out.strip()) <= DecodeAllocation.FEW, result.out);
    }

    @Test
    void chatWorksOnAPseudoTerminal() throws Exception {
        assumeTrue(new File("/usr/bin/script").exists() && new File("/proc").exists(), "needs script of util-linux");
        List<String> words = java("dev.pbs2p.cli.Main", "chat", packed);
        String line =
                String.join(" ", words.stream().map(word -> "'" + word + "'").toList());
        Result result = run(
                List.of("script", "-qec", "stty rows 24 cols 80; " + line, "/dev/null"),
                "/set max-tokens 3\rThe old king\r/quit\r");
        assertEquals(0, result.code, result.out);
        assertTrue(result.out.contains("[3 tokens"), result.out);
    }

    @Test
    void answersThroughAPipeHaveNoEscapes() throws Exception {
        Result result = run(java("dev.pbs2p.cli.Main", "chat", packed), "/set max-tokens 5\nThe old king\n");
        assertFalse(result.out.contains("\033"), result.out);
        assertFalse(result.err.contains("\033"), result.err);
    }

    /// A limit on file sizes stands for a full disk: writing fails in the same place.
    @Test
    void fullDiskIsOneSentenceAndLeavesNoOutput() throws Exception {
        assumeTrue(new File("/bin/bash").exists(), "needs bash");
        Path output = folder.resolve("full.pbs2p");
        List<String> command = new ArrayList<>(List.of("bash", "-c", "ulimit -f 300; exec \"$@\"", "pbs2p"));
        command.addAll(java(
                "-XX:-UsePerfData",
                "dev.pbs2p.cli.Main",
                "compress",
                directory,
                "-o",
                output,
                "--windows",
                2,
                "--window",
                16));
        Result result = run(command, "");
        assertEquals(1, result.code, result.err);
        assertFalse(result.err.contains("\tat "), result.err);
        assertEquals(
                1, result.err.lines().filter(line -> line.startsWith("pbs2p: ")).count(), result.err);
        assertFalse(Files.exists(output));
    }
}
