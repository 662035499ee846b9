package dev.pbs2p.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class TasksCommandTest {

    @TempDir
    private static Path folder;

    private static Path directory;
    private static Path packed;
    private static Path data;

    @BeforeAll
    static void write() throws IOException {
        directory = SmallModel.directory(folder.resolve("model"));
        packed = SmallModel.packed(directory, folder.resolve("model.pbs2p"));
        data = folder.resolve("data");
        Path rte = Files.createDirectories(data.resolve("glue/rte"));
        Files.writeString(rte.resolve("validation.jsonl"), """
                {"sentence1": "It rained.", "sentence2": "It was wet.", "label": 0, "idx": 0}
                {"sentence1": "It rained.", "sentence2": "It was dry.", "label": 1, "idx": 1}
                {"sentence1": "Anna sang.", "sentence2": "Somebody sang.", "label": 0, "idx": 2}
                """);
        Path arc = Files.createDirectories(data.resolve("arc_easy"));
        Files.writeString(arc.resolve("test.jsonl"), """
                {"id": "1", "question": "What is wet?", "choices": {"text": ["wind", "rain"], "label": ["A", "B"]}, "answerKey": "B"}
                """);
    }

    @Test
    void accuracyOfADirectoryAndOfAPackedFile() {
        for (Path model : List.of(directory, packed)) {
            Cli.Result result = Cli.run("eval", "tasks", model, "--tasks", "rte,arc_easy", "--data", data, "--json");
            assertEquals(0, result.code(), result.err());
            JsonNode json = JsonMapper.shared().readTree(result.out());
            assertEquals(Set.of("harness", "tasks", "mean_acc"), Set.copyOf(json.propertyNames()));
            JsonNode rte = json.get("tasks").get("rte");
            assertEquals(Set.of("questions", "acc", "acc_stderr"), Set.copyOf(rte.propertyNames()));
            assertEquals(3, rte.get("questions").intValue());
            JsonNode arc = json.get("tasks").get("arc_easy");
            assertTrue(arc.has("acc_norm") && arc.get("acc_norm_stderr").isNull(), arc.toString());
            double mean = (rte.get("acc").doubleValue() + arc.get("acc").doubleValue()) / 2;
            assertEquals(mean, json.get("mean_acc").doubleValue(), 1e-12);
        }
    }

    @Test
    void theLogHasEveryQuestion() throws IOException {
        Path log = folder.resolve("items.jsonl");
        Cli.Result result =
                Cli.run("eval", "tasks", packed, "--tasks", "rte", "--data", data, "--limit", 2, "--log", log);
        assertEquals(0, result.code(), result.err());
        List<String> table = result.out().lines().toList();
        assertEquals(4, table.size(), result.out());
        assertTrue(table.get(2).matches("rte +2 +\\d+\\.\\d\\d ± \\d+\\.\\d\\d +- *"), table.get(2));
        List<String> lines = Files.readAllLines(log);
        assertEquals(2, lines.size());
        JsonNode second = JsonMapper.shared().readTree(lines.get(1));
        assertEquals(1, second.get("question").intValue());
        JsonNode choice = second.get("choices").get(1);
        assertEquals(
                "It rained.\nQuestion: It was dry. True or False?\nAnswer:",
                choice.get("context").stringValue());
        assertEquals(" False", choice.get("continuation").stringValue());
        assertEquals(5, choice.get("characters").intValue());
        assertTrue(choice.get("log_likelihood").doubleValue() < 0);
        boolean firstIsLikelier =
                second.get("choices").get(0).get("log_likelihood").doubleValue()
                        >= choice.get("log_likelihood").doubleValue();
        assertEquals(!firstIsLikelier, second.get("right").booleanValue());
    }

    @Test
    void whatIsMissingIsSaidBeforeAnythingRuns() {
        refuses("put the files of its validation split", "--tasks", "all", "--data", data);
        refuses("there is no folder", "--data", folder.resolve("nowhere"));
        refuses("there is no task piqa", "--tasks", "piqa", "--data", data);
        refuses("--limit", "--tasks", "rte", "--data", data, "--limit", 0);
    }

    private static void refuses(String expected, Object... arguments) {
        Object[] all = new Object[arguments.length + 3];
        all[0] = "eval";
        all[1] = "tasks";
        all[2] = folder.resolve("no-model");
        System.arraycopy(arguments, 0, all, 3, arguments.length);
        Cli.Result result = Cli.run(all);
        assertEquals(1, result.code(), result.err());
        assertEquals(1, result.err().lines().count(), result.err());
        assertTrue(result.err().contains(expected), result.err());
    }
}
