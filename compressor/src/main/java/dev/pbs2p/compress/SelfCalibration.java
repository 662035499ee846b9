package dev.pbs2p.compress;

import dev.pbs2p.generate.Model;
import dev.pbs2p.kernel.Backend;
import dev.pbs2p.kernel.KvCache;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/// Windows that a model writes itself, at temperature 1.
final class SelfCalibration {

    /// Windows that are written side by side.
    private static final int BATCH = 32;

    private SelfCalibration() {}

    /// Every window has its own random stream, so that windows do not depend on how many are asked for.
    ///
    /// @param progress hears the number of tokens of each window so far, over all batches
    /// @return window after window
    static int[] write(Model model, Calibration.Sampled start, int count, int window, long seed, IntConsumer progress) {
        SplittableRandom seeds = new SplittableRandom(seed);
        SplittableRandom[] random = new SplittableRandom[count];
        Arrays.setAll(random, _ -> seeds.split());
        int[] windows = new int[Math.multiplyExact(count, window)];
        for (int done = 0; done < count; done += BATCH) {
            int first = done;
            int batch = Math.min(BATCH, count - done);
            try (KvCache cache = model.cache(batch, window)) {
                int[] last = new int[batch];
                for (int t = 0; t < window; t++) {
                    int[] next =
                            t == 0 ? first(model, start, random, done, batch) : next(model, cache, last, random, done);
                    for (int w = 0; w < batch; w++) {
                        boolean begin = t > 0
                                && start.eos().contains(last[w])
                                && start.bos().isPresent();
                        last[w] = begin ? start.bos().getAsInt() : next[w];
                        windows[(first + w) * window + t] = last[w];
                    }
                    progress.accept(first / BATCH * window + t + 1);
                }
            }
        }
        return windows;
    }

    /// How often `progress` of [#write] is called in all.
    static int steps(int count, int window) {
        return Math.ceilDiv(count, BATCH) * window;
    }

    private static int[] first(Model model, Calibration.Sampled start, SplittableRandom[] random, int from, int batch) {
        return IntStream.range(from, from + batch)
                .map(w -> start.bos().isPresent() ? start.bos().getAsInt() : random[w].nextInt(model.vocabulary()))
                .toArray();
    }

    private static int[] next(Model model, KvCache cache, int[] last, SplittableRandom[] random, int from) {
        float[] logits;
        try (Backend.Scope _ = model.backend().scope()) {
            logits = model.backend().read(model.logits(model.forward(last, cache)));
        }
        int vocabulary = model.vocabulary();
        return IntStream.range(0, last.length)
                .parallel()
                .map(w -> draw(logits, w * vocabulary, vocabulary, random[from + w].nextDouble()))
                .toArray();
    }

    /// The token at `u` (0 to 1) of the cumulative distribution softmax(logits).
    static int draw(float[] logits, int at, int n, double u) {
        float max = Float.NEGATIVE_INFINITY;
        for (int i = at; i < at + n; i++) {
            max = Math.max(max, logits[i]);
        }
        double[] cumulative = new double[n];
        double sum = 0;
        for (int i = 0; i < n; i++) {
            sum += Math.exp(logits[at + i] - max);
            cumulative[i] = sum;
        }
        int found = Arrays.binarySearch(cumulative, u * sum);
        return Math.min(n - 1, found >= 0 ? found + 1 : -found - 1);
    }
}
