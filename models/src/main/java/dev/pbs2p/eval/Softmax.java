package dev.pbs2p.eval;

/// Sums over one row of logits, in double precision.
final class Softmax {

    private Softmax() {}

    /// log Σ exp(logit) over `n` logits from `at`.
    static double logSum(float[] logits, int at, int n) {
        double max = logits[at + top(logits, at, n)];
        double sum = 0;
        for (int i = at; i < at + n; i++) {
            sum += Math.exp(logits[i] - max);
        }
        return max + Math.log(sum);
    }

    /// Index (from 0) of the largest of `n` logits from `at`; the first of equals.
    static int top(float[] logits, int at, int n) {
        int best = 0;
        for (int i = 1; i < n; i++) {
            if (logits[at + i] > logits[at + best]) {
                best = i;
            }
        }
        return best;
    }

    /// KL(softmax(p) ‖ softmax(q)) = Σ softmax(p)·(p − q) − logSum(p) + logSum(q), in nats.
    static double divergence(float[] p, float[] q, int at, int n) {
        double logSum = logSum(p, at, n);
        double gap = 0;
        for (int i = at; i < at + n; i++) {
            gap += Math.exp(p[i] - logSum) * ((double) p[i] - q[i]);
        }
        return gap - logSum + logSum(q, at, n);
    }
}
