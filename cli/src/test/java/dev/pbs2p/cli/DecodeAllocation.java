package dev.pbs2p.cli;

import com.sun.management.ThreadMXBean;
import dev.pbs2p.generate.Generator;
import dev.pbs2p.generate.SamplingOptions;
import dev.pbs2p.kernel.Backend;
import dev.pbs2p.kernel.Backends;
import dev.pbs2p.model.Models;
import dev.pbs2p.tensor.Checkpoint;
import dev.pbs2p.weights.Checkpoints;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.Set;

/// A program that prints how many bytes of the Java heap one more token of a model takes, once the kernels are
/// compiled: vectors are objects until then. It gives up after many texts.
final class DecodeAllocation {

    /// Small objects of a pass, such as shapes and ids: 0.4 to 1.8 KB were seen. One vector that stays an object makes
    /// hundreds in a pass: 16 KB at least were seen.
    static final long FEW = 4000;

    private static final int TOKENS = 64;
    private static final int MOST_TEXTS = 400;

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private long before;
    private long least = Long.MAX_VALUE;

    static void main(String[] args) {
        System.out.println(new DecodeAllocation().of(Path.of(args[0])));
    }

    private long of(Path model) {
        try (Checkpoint checkpoint = Checkpoints.open(model);
                Backend backend = Backends.open("vector", new Backends.Settings(2, 8));
                Generator generator = new Generator(Models.open(checkpoint, backend))) {
            for (int text = 0; text < MOST_TEXTS && least > FEW; text++) {
                generator.reset();
                generator.generate(
                        new int[] {text}, SamplingOptions.DEFAULT, Set.of(), TOKENS, _ -> measure(), () -> false);
            }
            return least;
        }
    }

    private void measure() {
        long now = THREADS.getTotalThreadAllocatedBytes();
        least = Math.min(least, now - before);
        before = now;
    }
}
