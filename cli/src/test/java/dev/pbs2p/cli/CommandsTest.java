package dev.pbs2p.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pbs2p.format.Pages;
import dev.pbs2p.weights.GgufWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Every command through the real command line: names of `--json`, plain output, usage errors.
class CommandsTest {

    @TempDir
    private static Path folder;

    private static Path directory;
    private static Path packed;
    private static Path text;

    @BeforeAll
    static void models() throws IOException {
        directory = SmallModel.directory(folder.resolve("model"));
        packed = SmallModel.packed(directory, folder.resolve("model.pbs2p"));
        text = Files.writeString(folder.resolve("text.txt"), "It will rain before evening, said my uncle. ".repeat(30));
    }

    private static JsonNode json(Object... arguments) {
        Cli.Result result = Cli.run(arguments);
        assertEquals(0, result.code(), result.err());
        assertEquals(1, result.out().lines().count(), result.out());
        return JsonMapper.shared().readTree(result.out());
    }

    private static Set<String> names(String... names) {
        return new TreeSet<>(List.of(names));
    }

    private static Set<String> names(JsonNode object) {
        return new TreeSet<>(object.propertyNames());
    }

    /// Else a start takes longer: the command line would be made with all commands.
    @Test
    void aCommandStartsAlone() {
        Set<String> all = new TreeSet<>(Main.commandLine().getSubcommands().keySet());
        all.remove("generate-completion");
        assertTrue(all.contains("generate"));
        for (String name : all) {
            assertEquals(names(name), Main.commandLine(name).getSubcommands().keySet());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"model", "model.pbs2p"})
    void perplexityOfADirectoryAndOfAPackedFile(String model) {
        JsonNode result =
                json("eval", "ppl", folder.resolve(model), "--text", text, "--window", 32, "--limit", 3, "--json");
        assertEquals(names("perplexity", "stderr", "tokens", "windows", "window"), names(result));
        assertEquals(93, result.get("tokens").intValue());
        assertEquals(3, result.get("windows").intValue());
        assertEquals(32, result.get("window").intValue());
        assertTrue(result.get("perplexity").doubleValue() > 1);
    }

    @Test
    void oneWindowHasNoStandardError() {
        JsonNode result = json("eval", "ppl", packed, "--text", text, "--window", 32, "--limit", 1, "--json");
        assertTrue(result.get("stderr").isNull());
    }

    @Test
    void perplexitySaysHowItWasMeasured() {
        Cli.Result result = Cli.run("eval", "ppl", packed, "--text", text, "--window", 32, "--limit", 2);
        assertEquals(0, result.code(), result.err());
        assertTrue(result.out().startsWith("2 windows of 32 tokens without overlap"), result.out());
        assertTrue(result.out().contains("perplexity "), result.out());
    }

    @Test
    void scoresTheSecondHalf() {
        JsonNode result = json(
                "eval",
                "ppl",
                packed,
                "--text",
                text,
                "--window",
                32,
                "--limit",
                2,
                "--score",
                "second-half",
                "--json");
        assertEquals(2 * 15, result.get("tokens").intValue());
    }

    @Test
    void divergenceFromItselfIsZero() {
        JsonNode result = json(
                "eval",
                "kl",
                directory,
                "--against",
                directory,
                "--text",
                text,
                "--window",
                32,
                "--limit",
                2,
                "--json");
        assertEquals(0, result.get("kl").doubleValue(), 1e-9);
        assertEquals(1, result.get("top1_agreement").doubleValue());
    }

    @Test
    void generateGivesTheSameTextForTheSameSeed() {
        JsonNode first = json("generate", packed, "-p", "The old king", "-n", 8, "--seed", 3, "--json");
        assertEquals(
                names("text", "prompt_tokens", "generated_tokens", "tokens_per_second", "first_token_ms"),
                names(first));
        assertEquals(8, first.get("generated_tokens").intValue());
        Cli.Result again = Cli.run("generate", packed, "-p", "The old king", "-n", 8, "--seed", 3);
        assertEquals(first.get("text").stringValue() + "\n", again.out());
    }

    @ParameterizedTest
    @ValueSource(strings = {"--warm", "--huge-pages"})
    void whereTheWeightsLieDoesNotChangeTheText(String option) {
        assumeTrue(option.equals("--warm") || Pages.obstacle().isEmpty());
        Object[] plain = {"generate", packed, "-p", "The old king", "-n", 8};
        Object[] loaded = {"generate", packed, "-p", "The old king", "-n", 8, option};
        assertEquals(Cli.run(plain).out(), Cli.run(loaded).out());
    }

    @Test
    void aBatchGivesTheTextsOfItsPrompts() throws IOException {
        JsonNode one = json("generate", packed, "-p", "The old king", "-n", 6, "--seed", 4, "--json");
        Path prompts = Files.writeString(folder.resolve("prompts.txt"), "It will\nThe old king\n");
        JsonNode lines = json("generate", packed, "--batch", prompts, "-n", 6, "--seed", 3, "--json");
        assertEquals(names("texts", "generated_tokens", "tokens_per_second"), names(lines));
        assertEquals(2, lines.get("texts").size());
        assertEquals(one.get("text"), lines.get("texts").get(1)); // seed 3 + 1
        JsonNode copies = json("generate", packed, "-p", "The old king", "--batch", 3, "-n", 6, "--seed", 4, "--json");
        assertEquals(3, copies.get("texts").size());
        assertEquals(one.get("text"), copies.get("texts").get(0));
        assertEquals(18, copies.get("generated_tokens").intValue());
    }

    @Test
    void benchMeasuresEachTask() {
        JsonNode result = json("bench", packed, "-p", "8,5", "-n", 3, "-t", "1,2", "-r", 1, "--json");
        assertTrue(names(result).containsAll(names("bandwidth_gb_s", "results")));
        assertTrue(result.get("bandwidth_gb_s").doubleValue() > 0);
        assertEquals(2 * 3, result.get("results").size());
        JsonNode last = result.get("results").get(5);
        assertEquals(
                names(
                        "threads",
                        "prompt",
                        "generate",
                        "tokens_per_second",
                        "spread",
                        "bytes_per_token",
                        "limit_tokens_per_second",
                        "limit_share"),
                names(last));
        assertEquals(2, last.get("threads").intValue());
        assertEquals(0, last.get("prompt").intValue());
        assertEquals(3, last.get("generate").intValue());
        assertTrue(last.get("tokens_per_second").doubleValue() > 0);
    }

    @Test
    void benchPrintsATable() {
        Cli.Result result = Cli.run("bench", packed, "-p", "4", "-n", "2", "-t", "1", "-r", "2");
        assertEquals(0, result.code(), result.err());
        assertTrue(result.out().contains("read 4"), result.out());
        assertTrue(result.out().contains("write 2"), result.out());
        assertTrue(result.out().contains("GB/s on 1 thread"), result.out());
    }

    @Test
    void aDryRunSaysWhatACompressionTakes() {
        JsonNode result = json(
                "compress",
                directory,
                "-o",
                folder.resolve("dry.pbs2p"),
                "--windows",
                2,
                "--window",
                16,
                "--dry-run",
                "--json");
        assertEquals(
                names(
                        "memory_bytes",
                        "heap_bytes",
                        "disk_bytes",
                        "output_bytes",
                        "blocks",
                        "seconds_a_block",
                        "seconds"),
                names(result));
        assertEquals(2, result.get("blocks").intValue());
        assertFalse(Files.exists(folder.resolve("dry.pbs2p")));
    }

    @Test
    void tokenizeNamesItsTokens() {
        JsonNode result = json("tokenize", packed, "-p", "Hello wörld", "--json");
        assertEquals(names("text", "tokens"), names(result));
        assertEquals("Hello wörld", result.get("text").stringValue());
        assertEquals(39, result.get("tokens").get(0).intValue());
        assertEquals(
                "39\tH",
                Cli.run("tokenize", directory, "-p", "Hello")
                        .out()
                        .lines()
                        .findFirst()
                        .orElseThrow());
    }

    @Test
    void inspectCountsNominalAndRealBits() {
        JsonNode result = json("inspect", packed, "--json");
        assertTrue(names(result)
                .containsAll(names("nominal_bits", "real_bits", "bytes", "weights", "seconds", "pattern")));
        assertEquals(0.5, result.get("nominal_bits").doubleValue());
        assertEquals("4:8", result.get("pattern").stringValue());
        assertTrue(result.get("real_bits").doubleValue() > 1.5);
        Cli.Result table = Cli.run("inspect", packed);
        assertTrue(table.out().contains("model.layers.0.self_attn.q_proj.weight"), table.out());
        assertTrue(table.out().contains("preset           random"), table.out());
    }

    @Test
    void aGgufFileWorksLikeItsDirectory() {
        Path gguf = GgufWriter.bf16(directory).write(folder.resolve("model.gguf"));
        for (String[] command : new String[][] {
            {"generate", "MODEL", "-p", "The old", "-n", "5", "--seed", "1"},
            {"tokenize", "MODEL", "-p", "The old king", "--bos"},
            {"eval", "ppl", "MODEL", "--text", text.toString(), "--window", "32", "--limit", "2"}
        }) {
            assertEquals(run(command, directory), run(command, gguf));
        }
        JsonNode listed = json("inspect", gguf, "--json");
        assertEquals(names("weights", "bytes", "tensors"), names(listed));
        Cli.Result table = Cli.run("inspect", directory);
        assertTrue(table.out().contains("64x64          BF16"), table.out());
        Cli.Result compressed = Cli.run(
                "compress", gguf, "-o", folder.resolve("g.pbs2p"), "--windows", 1, "--window", 16, "--preset", "paper");
        assertEquals(0, compressed.code(), compressed.err());
        assertEquals(
                0,
                Cli.run("generate", folder.resolve("g.pbs2p"), "-p", "The", "-n", 1)
                        .code());
    }

    private static String run(String[] command, Path model) {
        Object[] arguments = Arrays.copyOf(command, command.length, Object[].class);
        for (int i = 0; i < arguments.length; i++) {
            arguments[i] = arguments[i].equals("MODEL") ? model : arguments[i];
        }
        Cli.Result result = Cli.run(arguments);
        assertEquals(0, result.code(), result.err());
        return result.out();
    }

    @Test
    void explicitBackendsAreUsedOrRefused() {
        for (String backend : List.of("auto", "scalar", "vector", "torch", "VECTOR")) {
            Cli.Result result = Cli.run("generate", directory, "-p", "The", "-n", 1, "--backend", backend);
            assertEquals(0, result.code(), backend + ": " + result.err());
        }
        for (String backend : List.of("cuda", "quantum")) {
            Cli.Result result = Cli.run("generate", directory, "-p", "The", "-n", 1, "--backend", backend);
            assertEquals(1, result.code());
            assertEquals(1, result.err().lines().count());
            assertTrue(result.err().contains(backend), result.err());
        }
    }

    @Test
    void everyCommandHasHelp() {
        List<String> commands = List.of(
                "compress",
                "chat",
                "generate",
                "eval ppl",
                "eval kl",
                "eval tasks",
                "inspect",
                "tokenize",
                "demo",
                "bench",
                "doctor");
        for (String command : commands) {
            String[] words = (command + " --help").split(" ");
            Cli.Result result = Cli.run((Object[]) words);
            assertEquals(0, result.code());
            assertTrue(result.out().startsWith("Usage: pbs2p " + command), result.out());
        }
    }

    @Test
    void withoutACommandItHelps() {
        assertTrue(Cli.run().out().startsWith("Usage: pbs2p"));
    }

    @Test
    void completionIsGenerated() {
        Cli.Result result = Cli.run("generate-completion");
        assertEquals(0, result.code());
        assertTrue(result.out().contains("complete -F _complete_pbs2p"), "bash completion");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "nonsense",
                "eval",
                "eval ppl",
                "eval ppl model",
                "generate model",
                "generate model --batch 2",
                "generate model -p x --threads many",
                "compress model",
                "tokenize -p x",
                "inspect a b",
                "--no-such-option"
            })
    void wrongCommandLinesAreOneSentenceAndExitCode2(String line) {
        Cli.Result result = Cli.run((Object[]) line.split(" "));
        assertEquals(2, result.code(), result.err());
        assertEquals("", result.out());
        assertEquals(1, result.err().lines().count(), result.err());
        assertTrue(result.err().startsWith("pbs2p: "), result.err());
    }

    @Test
    void stackTracesAreForDebug() {
        assertFalse(Cli.run("inspect", "nowhere.pbs2p").err().contains("\tat "));
        assertTrue(Cli.run("inspect", "nowhere.pbs2p", "--debug").err().contains("\tat "));
    }
}
