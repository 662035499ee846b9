package dev.pbs2p.cli.bench;

import dev.pbs2p.kernel.Backend;
import dev.pbs2p.kernel.Backends;
import dev.pbs2p.kernel.Linear;
import dev.pbs2p.kernel.Matrix;
import dev.pbs2p.tensor.PackedFormat;
import dev.pbs2p.tensor.PackedMatrix;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.Locale;

/// How fast the vector backend multiplies one row of activations with packed weights that come from memory: 8:16, one
/// segment, free levels, groups of 128.
///
/// @param threads that compute together
/// @param gigaweightsPerSecond 10⁹ weights a second, pruned ones included; the best of a second's passes
public record KernelSpeed(int threads, double gigaweightsPerSecond) {

    private static final PackedFormat FORMAT = new PackedFormat(8, 16, true, 128, 1, false, false);
    private static final int COLS = 4096;
    private static final int ROWS = 1 << 16; // 50 MB, beyond most caches
    private static final long WARM_UP = 1_500_000_000L;
    private static final long MEASURED = 1_000_000_000L;

    /// Measures each number of threads; takes a few seconds.
    public static List<KernelSpeed> measure(List<Integer> threads) {
        try (Arena arena = Arena.ofShared()) {
            PackedMatrix weight = RandomModel.linear(FORMAT, ROWS, COLS, arena);
            return threads.stream()
                    .map(count -> new KernelSpeed(count, best(weight, count)))
                    .toList();
        }
    }

    /// For people.
    @Override
    public String toString() {
        return String.format(Locale.ROOT, "%.1f Gweights/s on %s", gigaweightsPerSecond, Backends.threads(threads));
    }

    private static double best(PackedMatrix weight, int threads) {
        float[] values = new float[COLS];
        for (int i = 0; i < COLS; i++) {
            values[i] = (float) Math.sin(i);
        }
        try (Backend backend = Backends.open("vector", new Backends.Settings(threads, 8))) {
            Linear linear = backend.linear("measured", weight, null);
            Matrix x = backend.matrix(values, 1, COLS);
            passes(backend, x, linear, WARM_UP);
            return passes(backend, x, linear, MEASURED);
        }
    }

    private static double passes(Backend backend, Matrix x, Linear linear, long nanos) {
        double best = 0;
        long begin = System.nanoTime();
        long now = begin;
        while (now - begin < nanos) {
            long start = now;
            try (Backend.Scope _ = backend.scope()) {
                backend.matmul(x, linear);
            }
            now = System.nanoTime();
            best = Math.max(best, (double) ROWS * COLS / (now - start));
        }
        return best;
    }
}
