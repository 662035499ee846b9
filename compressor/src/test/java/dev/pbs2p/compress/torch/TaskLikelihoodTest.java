package dev.pbs2p.compress.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.pbs2p.eval.Answer;
import dev.pbs2p.eval.Question;
import dev.pbs2p.eval.Task;
import dev.pbs2p.eval.TaskResult;
import dev.pbs2p.eval.TaskRun;
import dev.pbs2p.kernel.VectorBackend;
import dev.pbs2p.model.Opened;
import dev.pbs2p.model.SharedFiles;
import dev.pbs2p.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// What the bundled model finds likely in the first question of each small data set, against an independent float64
/// forward pass over texts that are cut into tokens anew.
final class TaskLikelihoodTest {

    @TempDir
    Path folder;

    @ParameterizedTest
    @EnumSource
    void everyLikelihoodIsThatOfTheReference(Task task) throws IOException {
        Path data = Files.createDirectory(folder.resolve(task.title()));
        for (String split : new String[] {"test.jsonl", "validation.jsonl"}) {
            try (InputStream in = Task.class.getResourceAsStream("tasks/" + task.title() + "/" + split)) {
                if (in != null) {
                    Files.copy(in, data.resolve(split));
                }
            }
        }
        try (Opened demo = Opened.on(new VectorBackend(2, 8), SharedFiles.demo());
                Tokenizer tokenizer = Tokenizer.of(demo.checkpoint())) {
            TorchReference reference = new TorchReference(demo.checkpoint());
            TaskResult result =
                    new TaskRun(demo.model(), tokenizer).run(task, task.questions(folder, 1), (_, _, _) -> {});
            for (Answer answer : result.answers()) {
                for (int choice = 0; choice < answer.likelihoods().size(); choice++) {
                    double expected = logLikelihood(answer.question(), choice, tokenizer, reference);
                    // The cache keeps keys and values as float16, which moves logits by some 2e-4; a continuation
                    // has up to 20 tokens.
                    assertEquals(expected, answer.likelihoods().get(choice).logLikelihood(), 4e-3);
                }
            }
        }
    }

    private static double logLikelihood(Question question, int choice, Tokenizer tokenizer, TorchReference reference) {
        String context = question.contexts().get(choice);
        int[] ids = tokenizer.encode(context + question.continuations().get(choice), true);
        int first = tokenizer.encode(context.stripTrailing(), true).length;
        double[] logits = reference.logits(Arrays.copyOf(ids, ids.length - 1));
        int vocabulary = logits.length / (ids.length - 1);
        double sum = 0;
        for (int at = first; at < ids.length; at++) {
            double[] row = Arrays.copyOfRange(logits, (at - 1) * vocabulary, at * vocabulary);
            sum += row[ids[at]] - Math.log(Arrays.stream(row).map(Math::exp).sum());
        }
        return sum;
    }
}
