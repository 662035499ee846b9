package dev.pbs2p.kernel;

import java.util.Arrays;

/// Cosines and sines of the rows of a batch, kept because all layers of a token turn by the same angles.
final class RopeTable {

    private float[] frequencies = new float[0];
    private int[] positions = new int[0];
    private int rows;
    private float[] cos = new float[0];
    private float[] sin = new float[0];

    /// Makes the table of `count` rows at the positions that follow from `cache`.
    void prepare(float[] wanted, int count, HostKvCache cache) {
        int tokens = cache.tokens(count);
        boolean same = count == rows && Arrays.equals(wanted, frequencies);
        for (int r = 0; same && r < count; r++) {
            same = positions[r] == cache.length(r / tokens) + r % tokens;
        }
        if (same) {
            return;
        }
        frequencies = wanted.clone();
        rows = count;
        if (positions.length < count || cos.length < count * wanted.length) {
            positions = new int[count];
            cos = new float[count * wanted.length];
            sin = new float[count * wanted.length];
        }
        for (int r = 0; r < count; r++) {
            positions[r] = cache.length(r / tokens) + r % tokens;
            for (int i = 0; i < wanted.length; i++) {
                double angle = (double) positions[r] * wanted[i];
                cos[r * wanted.length + i] = (float) Math.cos(angle);
                sin[r * wanted.length + i] = (float) Math.sin(angle);
            }
        }
    }

    int half() {
        return frequencies.length;
    }

    /// rows × half
    float[] cos() {
        return cos;
    }

    float[] sin() {
        return sin;
    }
}
