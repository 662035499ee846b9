package dev.pbs2p.eval;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pbs2p.format.FormatException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/// The prompts of every task, from files as the data sets have them, against strings worked out by hand.
class TaskTest {

    @TempDir
    Path folder;

    /// The folder of the small data sets.
    static Path data() {
        try {
            return Path.of(TaskTest.class.getResource("tasks/rte").toURI()).getParent();
        } catch (java.net.URISyntaxException e) {
            throw new AssertionError(e);
        }
    }

    static List<Question> questions(Task task) {
        return task.questions(data(), Integer.MAX_VALUE);
    }

    @Test
    void winograndeScoresWhatFollowsTheGap() {
        List<Question> questions = questions(Task.WINOGRANDE);
        Question first = questions.get(0);
        assertEquals(
                List.of(
                        "The cup did not fit into the bag because the cup",
                        "The cup did not fit into the bag because the bag"),
                first.contexts());
        assertEquals(List.of(" was too wide.", " was too wide."), first.continuations());
        assertEquals(0, first.gold());
        assertEquals(
                " brought it back before the evening .",
                questions.get(1).continuations().get(1));
        assertEquals(List.of("Karl", "Emil"), questions.get(2).contexts());
        assertEquals(1, questions.get(2).gold());
    }

    @Test
    void openBookBeginsWithTheBareSentence() {
        List<Question> questions = questions(Task.OPENBOOKQA);
        assertPrompts(
                questions.get(0),
                "A candle in a closed jar goes out because",
                List.of(" the air in it is used up", " glass is cold", " wax is heavy", " it is afraid"),
                0);
        assertPrompts(
                questions.get(1),
                "Which of these drinks water through its roots? ",
                List.of(" a stone", " a Käfer", " an oak", " the sea"),
                2);
    }

    @Test
    void hellaSwagLosesItsBrackets() {
        List<Question> questions = questions(Task.HELLASWAG);
        assertPrompts(
                questions.get(0),
                "Baking bread: A man stands in a kitchen. The man",
                List.of(
                        " puts the dough into the oven.",
                        " sails over the sea.",
                        "  Wash it.. Dry it twice.",
                        " becomes a king ."),
                0);
        assertPrompts(
                questions.get(1),
                "Home and Garden: How to plant a tree. Dig a hole.",
                List.of(" Put the tree into it.", " Sell the hole.", " Read the a book.", " Go home  at once."),
                0);
    }

    @Test
    void theOthersAskAQuestion() {
        Question boolQ = questions(Task.BOOLQ).getFirst();
        assertPrompts(
                boolQ,
                "The river is forty miles long. The road beside it has only thirty miles, for it leaves out the great"
                        + " bend.\nQuestion: is the river longer than the road?\nAnswer:",
                List.of(" no", " yes"),
                1);
        assertPrompts(
                questions(Task.ARC_EASY).get(1),
                "Question: Which one of these is a fish?\nAnswer:",
                List.of(" the whale", " the trout", " the ship"),
                1);
        assertPrompts(
                questions(Task.ARC_CHALLENGE).getFirst(),
                "Question: A ball is thrown straight up. At its highest point its speed is\nAnswer:",
                List.of(" greatest.", " zero.", " as at the start.", " half of what it was.", " unknown."),
                1);
        assertPrompts(
                questions(Task.RTE).get(1),
                "The shop sells bread and milk.\nQuestion: The shop has been closed for years. True or False?\nAnswer:",
                List.of(" True", " False"),
                1);
    }

    private static void assertPrompts(Question question, String context, List<String> continuations, int gold) {
        assertEquals(continuations, question.continuations());
        question.contexts().forEach(seen -> assertEquals(context, seen));
        assertEquals(continuations.stream().map(text -> text.substring(1)).toList(), question.choices());
        assertEquals(gold, question.gold());
    }

    @ParameterizedTest
    @EnumSource(Task.class)
    void theHubsFoldersAreFoundToo(Task task) throws IOException {
        Path hub = Files.createDirectories(folder.resolve(task.hubFolder()));
        Path file = data().resolve(task.title()).resolve(task.split() + ".jsonl");
        Files.copy(file, hub.resolve(task.split() + "-00001-of-00002.jsonl"));
        Files.copy(file, hub.resolve(task.split() + "-00000-of-00002.jsonl"));
        Files.writeString(hub.resolve("train.jsonl"), "not read");
        List<Question> once = questions(task);
        List<Question> twice = task.questions(folder, Integer.MAX_VALUE);
        assertEquals(once, twice.subList(0, once.size()));
        assertEquals(2 * once.size(), twice.size());
        assertEquals(once.subList(0, 1), task.questions(folder, 1));
    }

    /// The same records in Arrow's columns, written by `make.py` beside them.
    @ParameterizedTest
    @EnumSource(Task.class)
    void parquetHoldsTheSameQuestions(Task task) throws IOException {
        Path hub = Files.createDirectories(folder.resolve(task.hubFolder()));
        try (InputStream in = TaskTest.class.getResourceAsStream("parquet/" + task.title() + ".parquet")) {
            Files.copy(in, hub.resolve(task.split() + "-00000-of-00001.parquet"));
        }
        assertEquals(questions(task), task.questions(folder, Integer.MAX_VALUE));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "rte; {\"sentence1\": \"a\", \"label\": 0}; has no sentence2, expected a text",
                "rte; {\"sentence1\": \"a\", \"sentence2\": \"b\", \"label\": -1}; has label = -1, expected a number",
                "rte; {\"sentence1\": \"a\", \"sentence2\": \"b\", \"label\": 2}; the right answer is number 2 of 2",
                "arc_easy; {\"question\": {\"stem\": \"a\"}}; has question = {stem=a}, expected a text",
                "arc_easy; {\"question\": \"a\", \"choices\": {\"text\": [\"b\"], \"label\": [1]}}; expected a list of",
                "winogrande; {\"sentence\": \"a\"}; its sentence has no gap",
                "boolq; [1]; line 2 of",
                "boolq; {\"question; line 2 of",
                "boolq; null; line 2 of",
            })
    void aRecordOfAnotherKindIsNamed(String title, String record, String expected) throws IOException {
        Task task = Task.of(title);
        Files.createDirectory(folder.resolve(title));
        Path file = folder.resolve(title).resolve(task.split() + ".jsonl");
        Files.writeString(file, "\n" + record + "\n");
        String message = assertThrows(FormatException.class, () -> task.questions(folder, 9))
                .getMessage();
        assertTrue(message.contains(expected) && message.contains(file.toString()), message);
    }

    @Test
    void whatIsMissingIsSaid() throws IOException {
        assertMessage("there is no folder", folder.resolve("nowhere"));
        assertMessage("rte/validation.jsonl", folder);
        Files.createDirectory(folder.resolve("rte"));
        Files.createFile(folder.resolve("rte/validation.jsonl"));
        assertMessage("hold no questions", folder);
        String message = assertThrows(IllegalArgumentException.class, () -> Task.of("piqa"))
                .getMessage();
        assertTrue(message.contains("piqa") && message.contains("arc_challenge"), message);
    }

    private static void assertMessage(String expected, Path folder) {
        String message = assertThrows(FormatException.class, () -> Task.RTE.questions(folder, 9))
                .getMessage();
        assertTrue(message.contains(expected), message);
    }
}
