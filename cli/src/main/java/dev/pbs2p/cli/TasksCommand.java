package dev.pbs2p.cli;

import dev.pbs2p.eval.Question;
import dev.pbs2p.eval.Task;
import dev.pbs2p.eval.TaskResult;
import dev.pbs2p.eval.TaskRun;
import dev.pbs2p.model.LanguageModel;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// Measures accuracy on multiple-choice tasks.
@Command(
        name = "tasks",
        description = "Accuracy on multiple-choice tasks without examples, by the rules of lm-evaluation-harness "
                + Task.HARNESS + ".")
final class TasksCommand implements Callable<Integer> {

    @Parameters(paramLabel = "MODEL", converter = ModelPath.class, description = ModelPath.DESCRIPTION)
    @SuppressWarnings("NullAway.Init")
    private Path path;

    @Option(
            names = "--tasks",
            paramLabel = "NAMES",
            defaultValue = "all",
            split = ",",
            description = "Which: winogrande, openbookqa, hellaswag, boolq, arc_easy, arc_challenge, rte, with commas"
                    + " between (default: all).")
    private List<String> names = List.of("all");

    @Option(
            names = "--data",
            paramLabel = "DIR",
            required = true,
            description = "Folder of the data sets: the Hugging Face files of each in DIR/TASK or in the hub's own"
                    + " folders (ai2_arc/ARC-Easy, ...).")
    @SuppressWarnings("NullAway.Init")
    private Path data;

    @Option(names = "--limit", paramLabel = "N", description = "Ask only the first N questions of each task.")
    private int limit = Integer.MAX_VALUE;

    @Option(
            names = "--log",
            paramLabel = "FILE",
            description = "Write every question with its prompts and log-likelihoods, one JSON object a line.")
    private @Nullable Path log;

    @Mixin
    private final ModelOptions options = new ModelOptions();

    @Mixin
    private final Output output = new Output();

    @Override
    public Integer call() throws IOException {
        if (limit < 1) {
            throw new IllegalArgumentException("--limit must be at least 1, not " + limit);
        }
        Map<Task, List<Question>> questions = new LinkedHashMap<>();
        tasks().forEach(task -> questions.put(task, task.questions(data, limit)));
        List<TaskResult> results = new ArrayList<>();
        try (LanguageModel open = options.open(path);
                TaskLog items = new TaskLog(log)) {
            PrintWriter err = output.err();
            err.println(open.model().backend().description());
            TaskRun run = new TaskRun(open.model(), open.tokenizer());
            for (Map.Entry<Task, List<Question>> entry : questions.entrySet()) {
                TaskResult result = measure(run, entry.getKey(), entry.getValue(), err);
                items.write(result);
                results.add(result);
            }
        }
        report(results);
        return 0;
    }

    private List<Task> tasks() {
        return names.equals(List.of("all"))
                ? Arrays.asList(Task.values())
                : names.stream().map(name -> Task.of(name.strip())).distinct().toList();
    }

    private static TaskResult measure(TaskRun run, Task task, List<Question> questions, PrintWriter err) {
        try (ProgressLine line = new ProgressLine(err)) {
            return run.run(
                    task,
                    questions,
                    (done, total, accuracy) -> line.update(
                            task.title(), done, total, String.format(Locale.ROOT, "%.2f %% right", 100 * accuracy)));
        }
    }

    private void report(List<TaskResult> results) {
        double mean =
                results.stream().mapToDouble(TaskResult::accuracy).average().orElseThrow();
        PrintWriter out = output.out();
        if (output.json()) {
            Map<String, @Nullable Object> tasks = new LinkedHashMap<>();
            results.forEach(result -> tasks.put(result.task().title(), figures(result)));
            output.print("harness", Task.HARNESS, "tasks", tasks, "mean_acc", mean);
            return;
        }
        out.println("rules of lm-evaluation-harness " + Task.HARNESS + ", no examples; % ± standard error");
        out.printf(Locale.ROOT, "%-14s %9s  %-14s %-14s%n", "task", "questions", "acc", "acc_norm");
        for (TaskResult result : results) {
            String normalized = result.normalizedAccuracy().isPresent()
                    ? percent(result.normalizedAccuracy().getAsDouble(), result)
                    : "-";
            out.printf(
                    Locale.ROOT,
                    "%-14s %9d  %-14s %-14s%n",
                    result.task().title(),
                    result.answers().size(),
                    percent(result.accuracy(), result),
                    normalized);
        }
        out.printf(Locale.ROOT, "%-14s %9s  %-14.2f%n", "mean", "", 100 * mean);
        out.flush();
    }

    private static String percent(double share, TaskResult result) {
        return String.format(Locale.ROOT, "%.2f ± %.2f", 100 * share, 100 * result.standardError(share));
    }

    private static Map<String, @Nullable Object> figures(TaskResult result) {
        double accuracy = result.accuracy();
        Map<String, @Nullable Object> figures = Json.object(
                "questions", result.answers().size(),
                "acc", accuracy,
                "acc_stderr", result.standardError(accuracy));
        result.normalizedAccuracy()
                .ifPresent(normalized -> figures.putAll(
                        Json.object("acc_norm", normalized, "acc_norm_stderr", result.standardError(normalized))));
        return figures;
    }
}
