package dev.pbs2p.cli.bench;

import dev.pbs2p.format.Pages;
import dev.pbs2p.kernel.Backends;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/// How fast this machine reads memory, which bounds how fast it can decode.
///
/// @param threads that read together
/// @param hugePages whether the memory came in huge pages
/// @param gigabytesPerSecond 10⁹ bytes a second, of all threads; the best of a few rounds
public record Bandwidth(int threads, boolean hugePages, double gigabytesPerSecond) {

    private static final long BYTES = 256L << 20; // beyond every cache
    private static final int ROUNDS = 8;
    private static final int BLOCK = 1 << 16;

    /// Measures each number of threads, in pages of each size that this machine has.
    public static List<Bandwidth> measure(List<Integer> threads) {
        List<Bandwidth> found = new ArrayList<>();
        boolean choice = Pages.obstacle().isEmpty();
        try (Arena arena = Arena.ofShared()) {
            MemorySegment small = choice ? Pages.SMALL.allocate(BYTES, arena) : arena.allocate(BYTES);
            small.fill((byte) 0); // pages that were never written are all one page
            threads.forEach(count -> found.add(new Bandwidth(count, false, best(small, count))));
            if (choice) {
                MemorySegment huge = Pages.HUGE.allocate(BYTES, arena);
                huge.fill((byte) 0);
                threads.forEach(count -> found.add(new Bandwidth(count, true, best(huge, count))));
            }
        }
        return found;
    }

    /// The entry of `measured` for a number of threads and kind of pages; of small pages where no other was measured.
    public static double of(List<Bandwidth> measured, int threads, boolean hugePages) {
        return measured.stream()
                .filter(one -> one.threads == threads && (one.hugePages == hugePages || !one.hugePages))
                .reduce((_, last) -> last)
                .orElseThrow()
                .gigabytesPerSecond;
    }

    /// For people.
    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "reads %.1f GB/s on %s in %s pages",
                gigabytesPerSecond,
                Backends.threads(threads),
                hugePages ? "huge" : "4 KB");
    }

    private static double best(MemorySegment memory, int threads) {
        double best = 0;
        for (int round = 0; round < ROUNDS; round++) {
            long start = System.nanoTime();
            long sum = sum(memory, threads);
            double seconds = (System.nanoTime() - start) / 1e9;
            if (sum == 0) { // always: it keeps the loop from being optimised away
                best = Math.max(best, BYTES / 1e9 / seconds);
            }
        }
        return best;
    }

    private static long sum(MemorySegment memory, int threads) {
        long[] sums = new long[threads];
        Thread[] workers = IntStream.range(0, threads)
                .mapToObj(index -> Thread.ofPlatform().unstarted(() -> sums[index] = share(memory, index, threads)))
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

    private static long share(MemorySegment memory, int index, int count) {
        long blocks = BYTES / (8L * BLOCK);
        long sum = 0;
        for (long block = blocks * index / count; block < blocks * (index + 1) / count; block++) {
            sum += block(memory, block * 8 * BLOCK);
        }
        return sum;
    }

    // With an int as its counter the compiler turns the loop into vector instructions.
    private static long block(MemorySegment memory, long from) {
        long sum = 0;
        for (int i = 0; i < BLOCK; i++) {
            sum += memory.get(ValueLayout.JAVA_LONG, from + 8L * i);
        }
        return sum;
    }
}
