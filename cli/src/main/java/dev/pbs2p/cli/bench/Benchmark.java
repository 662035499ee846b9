package dev.pbs2p.cli.bench;

import dev.pbs2p.generate.Generator;
import dev.pbs2p.generate.Model;
import dev.pbs2p.generate.SamplingOptions;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/// Times a model as a user meets it: reading a prompt, and writing tokens after a prompt of one.
public final class Benchmark implements AutoCloseable {

    /// What is timed: reading `prompt` tokens or writing `generate`; the other is 0.
    public record Task(int prompt, int generate) {

        public Task {
            if (prompt < 0 || generate < 0 || (prompt == 0) == (generate == 0)) {
                throw new IllegalArgumentException("a number of tokens must be 1 or more");
            }
        }

        public static Task reading(int tokens) {
            return new Task(tokens, 0);
        }

        public static Task writing(int tokens) {
            return new Task(0, tokens);
        }

        public int tokens() {
            return prompt + generate;
        }
    }

    /// Tokens a second over some repetitions.
    ///
    /// @param median of the repetitions
    /// @param spread between the slowest and the fastest
    public record Speed(double median, double spread) {

        /// Of at least one repetition.
        public static Speed of(double[] tokensPerSecond) {
            double[] sorted = tokensPerSecond.clone();
            Arrays.sort(sorted);
            int n = sorted.length;
            return new Speed((sorted[(n - 1) / 2] + sorted[n / 2]) / 2, sorted[n - 1] - sorted[0]);
        }
    }

    private final Generator generator;
    private final int vocabulary;
    private final SplittableRandom random = new SplittableRandom(1);

    /// @throws IllegalArgumentException if a task does not fit the model's context
    public Benchmark(Model model, List<Task> tasks) {
        int room = 1 + tasks.stream().mapToInt(Task::tokens).max().orElseThrow();
        if (room > model.context()) {
            throw new IllegalArgumentException("the model's context of " + model.context()
                    + " tokens has no room for more than " + (model.context() - 1) + " in one go");
        }
        this.generator = new Generator(model, room);
        this.vocabulary = model.vocabulary();
    }

    /// Does a task once, from an empty cache.
    ///
    /// @return tokens a second
    public double run(Task task) {
        int[] prompt = random.ints(Math.max(1, task.prompt()), 0, vocabulary).toArray();
        generator.reset();
        // The first token written follows from the prompt's last: n tokens are n passes.
        int limit = Math.max(1, task.generate());
        double seconds = generator
                .generate(prompt, SamplingOptions.GREEDY, Set.of(), limit, _ -> {}, () -> false)
                .seconds();
        return task.tokens() / seconds;
    }

    @Override
    public void close() {
        generator.close();
    }
}
