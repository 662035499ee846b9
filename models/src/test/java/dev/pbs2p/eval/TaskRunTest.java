package dev.pbs2p.eval;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pbs2p.kernel.Backend;
import dev.pbs2p.kernel.ScalarBackend;
import dev.pbs2p.kernel.VectorBackend;
import dev.pbs2p.model.Opened;
import dev.pbs2p.model.PlainLlama;
import dev.pbs2p.model.PlainOpt;
import dev.pbs2p.model.SharedFiles;
import dev.pbs2p.model.TinyLlama;
import dev.pbs2p.model.TinyOpt;
import dev.pbs2p.tokenizer.Tokenizer;
import dev.pbs2p.weights.Checkpoints;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Scores of every question of the small data sets, one by one, against plain double-precision models; the bundled
/// tokenizer cuts the texts.
class TaskRunTest {

    private static final int VOCABULARY = 4096;

    /// Logits carry errors of some 1e-3 from keys and values in float16, and a continuation has up to 20 tokens.
    private static final double TOLERANCE = 1e-2;

    private static Tokenizer tokenizer;

    @TempDir
    Path directory;

    @BeforeAll
    static void open() {
        tokenizer = Tokenizer.of(Checkpoints.open(SharedFiles.demo()));
    }

    @AfterAll
    static void close() {
        tokenizer.close();
    }

    private interface Plain {
        double[][] logits(int... ids);
    }

    @Test
    void everyLikelihoodIsThatOfThePlainLlama() {
        TinyLlama tiny = TinyLlama.standard().withSizes(VOCABULARY, 20, 36, 2);
        PlainLlama plain = new PlainLlama(tiny, PlainLlama.frequencies(tiny, 10_000), Integer.MAX_VALUE);
        tiny.write(directory);
        assertLikelihoods(new ScalarBackend(), 128, plain::logits);
        assertLikelihoods(new VectorBackend(2, 8), 128, plain::logits);
    }

    /// Its positions end at 32, so that most prompts are cut.
    @Test
    void everyLikelihoodIsThatOfThePlainOpt() {
        TinyOpt tiny = TinyOpt.standard().withSizes(VOCABULARY, 20, 44, 2, 4);
        tiny.write(directory);
        assertLikelihoods(new VectorBackend(2, 8), 32, new PlainOpt(tiny)::logits);
    }

    private void assertLikelihoods(Backend backend, int context, Plain plain) {
        try (Opened opened = Opened.on(backend, directory)) {
            TaskRun run = new TaskRun(opened.model(), tokenizer);
            for (Task task : Task.values()) {
                List<Question> questions = TaskTest.questions(task);
                List<Integer> done = new ArrayList<>();
                TaskResult result = run.run(task, questions, (answered, total, accuracy) -> done.add(answered));
                assertEquals(questions.size(), done.getLast());
                for (int q = 0; q < questions.size(); q++) {
                    assertEquals(questions.get(q), result.answers().get(q).question());
                    assertAnswer(result.answers().get(q), context, plain);
                }
            }
        }
    }

    private static void assertAnswer(Answer answer, int context, Plain plain) {
        Question question = answer.question();
        double[] logs = new double[question.choices().size()];
        double[] byLength = new double[logs.length];
        for (int c = 0; c < logs.length; c++) {
            String before = question.contexts().get(c).stripTrailing();
            int start = tokenizer.encode(before, true).length;
            String whole = question.contexts().get(c) + question.continuations().get(c);
            int[] ids = tokenizer.encode(whole, true);
            int[] kept = Arrays.copyOfRange(ids, Math.max(0, ids.length - context - 1), ids.length);
            int scored = ids.length - start;
            double[][] logits = plain.logits(Arrays.copyOf(kept, kept.length - 1));
            boolean greedy = true;
            for (int at = kept.length - scored; at < kept.length; at++) {
                double[] row = logits[at - 1];
                logs[c] += row[kept[at]]
                        - Math.log(Arrays.stream(row).map(Math::exp).sum());
                greedy &= row[kept[at]] == Arrays.stream(row).max().orElseThrow();
            }
            byLength[c] = logs[c] / question.choices().get(c).codePoints().count();
            Likelihood seen = answer.likelihoods().get(c);
            assertEquals(logs[c], seen.logLikelihood(), TOLERANCE, whole);
            assertEquals(scored, seen.tokens(), whole);
            assertEquals(greedy, seen.greedy(), whole);
        }
        assertEquals(top(logs) == question.gold(), answer.right());
        assertEquals(top(byLength) == question.gold(), answer.rightByLength());
    }

    private static int top(double[] values) {
        return IntStream.range(0, values.length)
                .reduce((a, b) -> values[b] > values[a] ? b : a)
                .orElseThrow();
    }

    @Test
    void spacesBeforeTheContinuationBelongToIt() {
        Continuation moved = Continuation.of("The king \u00a0", "said", tokenizer, 100);
        int[] whole = tokenizer.encode("The king \u00a0said", true);
        assertArrayEquals(whole, moved.ids());
        assertEquals(whole.length - tokenizer.encode("The king", true).length, moved.scored());
    }

    @Test
    void anEmptyContextIsTheBeginningOfAText() {
        Continuation continuation = Continuation.of("", "The king", tokenizer, 100);
        assertArrayEquals(tokenizer.encode("The king", true), continuation.ids());
        assertEquals(continuation.ids().length - 1, continuation.scored());
    }

    @Test
    void aContextThatWritesOutItsBeginningGetsNoSecondOne() {
        String bos = tokenizer.specialTokens().get("bos_token");
        assertArrayEquals(
                tokenizer.encode("The king said", true),
                Continuation.of(bos + "The king", " said", tokenizer, 100).ids());
    }

    @Test
    void longTextsLoseTheirBeginning() {
        int[] whole = tokenizer.encode("The old king called his three sons", true);
        Continuation cut = Continuation.of("The old king called his", " three sons", tokenizer, 3);
        assertArrayEquals(Arrays.copyOfRange(whole, whole.length - 4, whole.length), cut.ids());
        String message = assertThrows(
                        IllegalArgumentException.class,
                        () -> Continuation.of("The old king", " called his three sons", tokenizer, 3))
                .getMessage();
        assertTrue(message.contains("1 to 3 can be scored"), message);
    }

    /// Standard errors as sample deviation ÷ √n of ones and zeros.
    @Test
    void accuraciesAndTheirErrors() {
        Question question = Question.of("x", List.of("four", "a much longer one"), 1);
        Answer right = answer(question, -9, -8);
        Answer rightByLength = answer(question, -3, -4);
        Answer wrong = answer(question, -0.5, -8);
        TaskResult result = new TaskResult(Task.ARC_EASY, List.of(right, rightByLength, wrong, wrong));
        assertEquals(0.25, result.accuracy());
        assertEquals(OptionalDouble.of(0.5), result.normalizedAccuracy());
        double deviation = Math.sqrt((0.75 * 0.75 + 3 * 0.25 * 0.25) / 3);
        assertEquals(deviation / 2, result.standardError(0.25), 1e-12);
        assertTrue(Double.isNaN(new TaskResult(Task.RTE, List.of(right)).standardError(1)));
        assertEquals(OptionalDouble.empty(), new TaskResult(Task.RTE, List.of(right)).normalizedAccuracy());
    }

    private static Answer answer(Question question, double... logs) {
        return new Answer(
                question,
                Arrays.stream(logs)
                        .mapToObj(log -> new Likelihood(log, false, 1))
                        .toList());
    }
}
