package dev.pbs2p.compress.torch;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/// In which order windows are tuned on, and how many at once.
final class WindowOrder {

    private WindowOrder() {}

    /// The numbers below `count` in an order that the seed decides.
    static int[] shuffled(int count, long seed) {
        int[] order = new int[count];
        Arrays.setAll(order, i -> i);
        return permuted(order, seed);
    }

    /// The same values in an order that the seed decides.
    static int[] permuted(int[] values, long seed) {
        int[] out = values.clone();
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = out.length - 1; i > 0; i--) {
            int j = random.nextInt(i + 1);
            int swap = out[i];
            out[i] = out[j];
            out[j] = swap;
        }
        return out;
    }

    /// `size` windows after another, the last ones as many as there are.
    static List<int[]> batches(int[] windows, int size) {
        List<int[]> out = new ArrayList<>();
        for (int from = 0; from < windows.length; from += size) {
            out.add(Arrays.copyOfRange(windows, from, Math.min(windows.length, from + size)));
        }
        return out;
    }
}
