package dev.pbs2p.eval;

import java.util.List;
import java.util.OptionalDouble;
import java.util.function.Predicate;

/// How many questions of a task a model answers rightly.
///
/// @param answers in the order of the data set
public record TaskResult(Task task, List<Answer> answers) {

    public TaskResult {
        answers = List.copyOf(answers);
    }

    /// Share of questions whose likeliest continuation is right, 0 to 1.
    public double accuracy() {
        return share(Answer::right);
    }

    /// The same by log-likelihood a character, for tasks that are reported so.
    public OptionalDouble normalizedAccuracy() {
        return task.normalized() ? OptionalDouble.of(share(Answer::rightByLength)) : OptionalDouble.empty();
    }

    /// Standard error of a share of these questions; NaN for a single question.
    public double standardError(double share) {
        // The sample variance of ones and zeros is share (1 - share) n / (n - 1).
        return answers.size() == 1 ? Double.NaN : Math.sqrt(share * (1 - share) / (answers.size() - 1));
    }

    private double share(Predicate<Answer> right) {
        return (double) answers.stream().filter(right).count() / answers.size();
    }
}
