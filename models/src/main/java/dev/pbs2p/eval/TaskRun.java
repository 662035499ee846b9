package dev.pbs2p.eval;

import dev.pbs2p.generate.Model;
import dev.pbs2p.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Puts the questions of tasks to a model.
public final class TaskRun {

    /// Cached tokens of one pass over several questions: enough rows to use a matrix kernel well, and about half
    /// a gigabyte of keys and values in a model of 7 billion parameters.
    private static final int PASS_TOKENS = 1024;

    private final Model model;
    private final Tokenizer tokenizer;

    public TaskRun(Model model, Tokenizer tokenizer) {
        this.model = model;
        this.tokenizer = tokenizer;
    }

    /// Answers the questions, the longest first, so that the time left is never more than it seems.
    ///
    /// @param questions of the task, as [Task#questions] reads them
    /// @param progress hears after every pass how many questions are answered, and the accuracy so far
    /// @throws IllegalArgumentException if a continuation cannot be scored
    public TaskResult run(Task task, List<Question> questions, Progress progress) {
        List<List<Continuation>> encoded = questions.stream().map(this::encode).toList();
        List<Integer> order = IntStream.range(0, questions.size())
                .boxed()
                .sorted(Comparator.comparingInt(i -> -LikelihoodPass.width(List.of(encoded.get(i)))))
                .toList();
        @Nullable Answer[] answers = new Answer[questions.size()];
        int right = 0;
        try (LogitRows logits = new LogitRows(List.of(model))) {
            for (int done = 0; done < order.size(); ) {
                List<Integer> some = order.subList(done, done + passSize(order, done, encoded));
                List<List<Likelihood>> scores = new LikelihoodPass(
                                model, logits, some.stream().map(encoded::get).toList())
                        .run();
                for (int i = 0; i < some.size(); i++) {
                    Answer answer = new Answer(questions.get(some.get(i)), scores.get(i));
                    answers[some.get(i)] = answer;
                    right += answer.right() ? 1 : 0;
                }
                done += some.size();
                progress.update(done, answers.length, (double) right / done);
            }
        }
        return new TaskResult(
                task, Arrays.stream(answers).map(Objects::requireNonNull).toList());
    }

    private List<Continuation> encode(Question question) {
        List<Continuation> continuations = new ArrayList<>();
        for (int i = 0; i < question.contexts().size(); i++) {
            continuations.add(Continuation.of(
                    question.contexts().get(i), question.continuations().get(i), tokenizer, model.context()));
        }
        return continuations;
    }

    /// How many of the next questions go into one pass.
    private int passSize(List<Integer> order, int from, List<List<Continuation>> encoded) {
        int size = 1;
        List<List<Continuation>> some = new ArrayList<>(List.of(encoded.get(order.get(from))));
        while (from + size < order.size()) {
            some.add(encoded.get(order.get(from + size)));
            int width = LikelihoodPass.width(some);
            if (width > model.context() || width * some.size() > PASS_TOKENS) {
                break;
            }
            size++;
        }
        return size;
    }
}
