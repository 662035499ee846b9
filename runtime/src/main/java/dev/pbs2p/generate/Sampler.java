package dev.pbs2p.generate;

import java.util.Arrays;
import java.util.BitSet;
import java.util.SplittableRandom;

/// Chooses one token after another; a sampler made with the same options repeats its choices.
public final class Sampler {

    private final SamplingOptions options;
    private final SplittableRandom random;
    private final BitSet penalized = new BitSet();
    private double[] weight = new double[0];
    /// Candidates in order: the weight in the high half, the token in the low one.
    private long[] keys = new long[0];

    public Sampler(SamplingOptions options) {
        this.options = options;
        this.random = new SplittableRandom(options.seed());
    }

    /// The next token.
    ///
    /// @param logits one a vocabulary entry; changed by the penalty
    /// @param seen the first `count` entries are the tokens so far, prompt included
    /// @throws IllegalStateException if the logits are not numbers
    public int sample(float[] logits, int[] seen, int count) {
        penalize(logits, seen, count);
        int best = argmax(logits);
        return options.temperature() == 0 ? best : draw(logits, best);
    }

    private void penalize(float[] logits, int[] seen, int count) {
        float penalty = options.repetitionPenalty();
        if (penalty == 1) {
            return;
        }
        penalized.clear();
        for (int i = 0; i < count; i++) {
            int id = seen[i];
            if (!penalized.get(id)) {
                penalized.set(id);
                logits[id] = logits[id] > 0 ? logits[id] / penalty : logits[id] * penalty;
            }
        }
    }

    private static int argmax(float[] logits) {
        int best = 0;
        float most = logits[0];
        boolean broken = false;
        for (int i = 0; i < logits.length; i++) {
            float logit = logits[i];
            broken |= Float.isNaN(logit);
            if (logit > most) {
                most = logit;
                best = i;
            }
        }
        if (broken || Float.isInfinite(most)) {
            throw new IllegalStateException("the model's logits are not finite numbers: its weights may be damaged");
        }
        return best;
    }

    private int draw(float[] logits, int best) {
        if (weight.length != logits.length) {
            weight = new double[logits.length];
            keys = new long[logits.length];
        }
        double sum = 0;
        for (int i = 0; i < weight.length; i++) {
            weight[i] = Math.exp((logits[i] - logits[best]) / options.temperature());
            sum += weight[i];
        }
        int count = candidates(sum);
        double total = 0;
        for (int k = 0; k < count; k++) {
            total += weight[(int) keys[k]];
        }
        double at = random.nextDouble() * total;
        for (int k = 0; k < count; k++) {
            at -= weight[(int) keys[k]];
            if (at < 0) {
                return (int) keys[k];
            }
        }
        return best; // rounding left nothing over
    }

    /// Leaves the tokens within all limits in `keys`, most likely first (ties: lower id first), and returns their
    /// number. The best one has weight 1.
    private int candidates(double sum) {
        // Tokens below this share of the sum have less than 1 - topP together, so they lie outside the nucleus.
        double share = options.topP() < 1 ? (1 - options.topP()) / weight.length * sum : 0;
        double floor = Math.max(share, options.minP());
        int count = 0;
        for (int i = 0; i < weight.length; i++) {
            if (weight[i] >= floor && weight[i] > 0) {
                // Bits of positive floats order as integers do.
                keys[count++] = (long) -Float.floatToIntBits((float) weight[i]) << 32 | i;
            }
        }
        Arrays.sort(keys, 0, count);
        int limit = options.topK() > 0 ? Math.min(options.topK(), count) : count;
        double reached = 0;
        int kept = 0;
        while (kept < limit && (kept == 0 || options.topP() == 1 || reached < options.topP() * sum)) {
            reached += weight[(int) keys[kept++]];
        }
        return kept;
    }
}
