package dev.pbs2p.cli;

import java.util.stream.IntStream;

/// How fast this machine reads memory, which bounds how fast it can decode.
final class Bandwidth {

    private static final int LONGS = 1 << 25; // 256 MB: beyond every cache
    private static final int ROUNDS = 6;

    private Bandwidth() {}

    /// GB/s that `threads` threads read together; the best of a few rounds.
    static double measure(int threads) {
        long[] memory = new long[LONGS];
        double best = 0;
        for (int round = 0; round < ROUNDS; round++) {
            long start = System.nanoTime();
            long sum = sum(memory, threads);
            double seconds = (System.nanoTime() - start) / 1e9;
            if (sum == 0) { // always: it keeps the loop from being optimised away
                best = Math.max(best, 8.0 * LONGS / 1e9 / seconds);
            }
        }
        return best;
    }

    private static long sum(long[] memory, int threads) {
        long[] sums = new long[threads];
        Thread[] workers = IntStream.range(0, threads)
                .mapToObj(index -> Thread.ofPlatform().unstarted(() -> sums[index] = slice(memory, index, threads)))
                .toArray(Thread[]::new);
        for (Thread worker : workers) {
            worker.start();
        }
        for (Thread worker : workers) {
            join(worker);
        }
        return IntStream.range(0, threads).mapToLong(index -> sums[index]).sum();
    }

    private static void join(Thread worker) {
        try {
            worker.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while measuring the bandwidth", e);
        }
    }

    private static long slice(long[] memory, int index, int count) {
        int from = (int) ((long) memory.length * index / count);
        int to = (int) ((long) memory.length * (index + 1) / count);
        long sum = 0;
        for (int i = from; i < to; i++) {
            sum += memory[i];
        }
        return sum;
    }
}
