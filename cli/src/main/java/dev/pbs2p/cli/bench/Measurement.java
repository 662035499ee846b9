package dev.pbs2p.cli.bench;

import dev.pbs2p.cli.bench.Benchmark.Speed;
import dev.pbs2p.cli.bench.Benchmark.Task;

/// How fast a task ran, beside how fast the machine's memory could let it run.
///
/// @param bytesPerToken that must come from memory: a pass over the weights serves all tokens of a prompt, but only one
///     written token
/// @param gigabytesPerSecond read bandwidth of that many threads
public record Measurement(int threads, Task task, Speed speed, long bytesPerToken, double gigabytesPerSecond) {

    public static Measurement of(int threads, Task task, Speed speed, long bytesPerPass, double gigabytesPerSecond) {
        return new Measurement(threads, task, speed, bytesPerPass / Math.max(1, task.prompt()), gigabytesPerSecond);
    }

    /// Tokens a second if nothing but memory took time.
    public double limit() {
        return gigabytesPerSecond * 1e9 / bytesPerToken;
    }

    public double limitShare() {
        return speed.median() / limit();
    }
}
