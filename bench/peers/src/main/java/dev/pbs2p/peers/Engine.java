package dev.pbs2p.peers;

import dev.pbs2p.cli.bench.Benchmark.Task;

/// A model, open in one engine on some number of threads.
interface Engine extends AutoCloseable {

    String name();

    /// Does a task once, from an empty cache.
    ///
    /// @return tokens a second
    double run(Task task);

    @Override
    void close();
}
