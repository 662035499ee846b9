package dev.pbs2p.cli;

import dev.pbs2p.eval.Answer;
import dev.pbs2p.eval.Likelihood;
import dev.pbs2p.eval.Question;
import dev.pbs2p.eval.TaskResult;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Every question of a run with what the model made of it, one JSON object a line.
final class TaskLog implements AutoCloseable {

    private final @Nullable PrintWriter out;

    /// @param file null for no log
    TaskLog(@Nullable Path file) throws IOException {
        out = file == null ? null : new PrintWriter(Files.newBufferedWriter(file));
    }

    void write(TaskResult result) throws IOException {
        if (out == null) {
            return;
        }
        for (int i = 0; i < result.answers().size(); i++) {
            Answer answer = result.answers().get(i);
            Json.print(
                    out,
                    Json.object(
                            "task", result.task().title(),
                            "question", i,
                            "gold", answer.question().gold(),
                            "right", answer.right(),
                            "right_norm", answer.rightByLength(),
                            "choices", choices(answer)));
        }
        if (out.checkError()) {
            throw new IOException("the log of the questions cannot be written");
        }
    }

    private static List<Map<String, @Nullable Object>> choices(Answer answer) {
        Question question = answer.question();
        List<Map<String, @Nullable Object>> choices = new ArrayList<>();
        for (int i = 0; i < question.choices().size(); i++) {
            Likelihood likelihood = answer.likelihoods().get(i);
            choices.add(Json.object(
                    "context", question.contexts().get(i),
                    "continuation", question.continuations().get(i),
                    "log_likelihood", likelihood.logLikelihood(),
                    "greedy", likelihood.greedy(),
                    "tokens", likelihood.tokens(),
                    "characters", question.choices().get(i).codePoints().count()));
        }
        return choices;
    }

    @Override
    public void close() {
        if (out != null) {
            out.close();
        }
    }
}
