package dev.pbs2p.model;

import java.util.Map;

/// The LLaMA forward pass once more: double precision, one token after another, no backend; the oracle of the tests.
public final class PlainLlama {

    private final TinyLlama model;
    private final Map<String, float[]> weights;
    private final double[] frequencies;
    private final int span;

    /// @param frequencies of the rotated pairs
    /// @param span how many positions back a token may look, itself included
    public PlainLlama(TinyLlama model, double[] frequencies, int span) {
        this(model, model.weights(), frequencies, span);
    }

    /// With other weights of the same names and shapes.
    PlainLlama(TinyLlama model, Map<String, float[]> weights, double[] frequencies, int span) {
        this.model = model;
        this.weights = weights;
        this.frequencies = frequencies;
        this.span = span;
    }

    /// theta^(-2i / headDim)
    public static double[] frequencies(TinyLlama model, double theta) {
        double[] frequencies = new double[model.headDim() / 2];
        for (int i = 0; i < frequencies.length; i++) {
            frequencies[i] = Math.pow(theta, -2.0 * i / model.headDim());
        }
        return frequencies;
    }

    /// Logits of every position.
    public double[][] logits(int... ids) {
        int hidden = model.hidden();
        double[][] x = new double[ids.length][hidden];
        float[] table = weights.get("model.embed_tokens.weight");
        for (int t = 0; t < ids.length; t++) {
            for (int c = 0; c < hidden; c++) {
                x[t][c] = table[ids[t] * hidden + c];
            }
        }
        for (int layer = 0; layer < model.layers(); layer++) {
            block("model.layers." + layer + ".", x);
        }
        double[][] logits = new double[ids.length][];
        for (int t = 0; t < ids.length; t++) {
            double[] normed = norm("model.norm.weight", x[t]);
            logits[t] = product(model.tied() ? table : weights.get("lm_head.weight"), normed);
        }
        return logits;
    }

    private void block(String prefix, double[][] x) {
        double[][] q = new double[x.length][];
        double[][] k = new double[x.length][];
        double[][] v = new double[x.length][];
        for (int t = 0; t < x.length; t++) {
            double[] normed = norm(prefix + "input_layernorm.weight", x[t]);
            q[t] = turn(linear(prefix + "self_attn.q_proj", normed), t);
            k[t] = turn(linear(prefix + "self_attn.k_proj", normed), t);
            v[t] = linear(prefix + "self_attn.v_proj", normed);
        }
        for (int t = 0; t < x.length; t++) {
            add(x[t], linear(prefix + "self_attn.o_proj", attention(q[t], k, v, t)));
            double[] normed = norm(prefix + "post_attention_layernorm.weight", x[t]);
            double[] gate = linear(prefix + "mlp.gate_proj", normed);
            double[] up = linear(prefix + "mlp.up_proj", normed);
            for (int i = 0; i < up.length; i++) {
                up[i] *= gate[i] / (1 + Math.exp(-gate[i]));
            }
            add(x[t], linear(prefix + "mlp.down_proj", up));
        }
    }

    private double[] attention(double[] q, double[][] k, double[][] v, int t) {
        int size = model.headDim();
        double[] out = new double[model.heads() * size];
        for (int head = 0; head < model.heads(); head++) {
            int kvHead = head / (model.heads() / model.kvHeads());
            double total = 0;
            for (int s = Math.max(0, t - span + 1); s <= t; s++) {
                double score = 0;
                for (int i = 0; i < size; i++) {
                    score += q[head * size + i] * k[s][kvHead * size + i];
                }
                double weight = Math.exp(score / Math.sqrt(size));
                total += weight;
                for (int i = 0; i < size; i++) {
                    out[head * size + i] += weight * v[s][kvHead * size + i];
                }
            }
            for (int i = 0; i < size; i++) {
                out[head * size + i] /= total;
            }
        }
        return out;
    }

    private double[] turn(double[] x, int position) {
        int half = frequencies.length;
        for (int head = 0; head < x.length; head += 2 * half) {
            for (int i = 0; i < half; i++) {
                double cos = Math.cos(position * frequencies[i]);
                double sin = Math.sin(position * frequencies[i]);
                double a = x[head + i];
                double b = x[head + half + i];
                x[head + i] = a * cos - b * sin;
                x[head + half + i] = b * cos + a * sin;
            }
        }
        return x;
    }

    private double[] norm(String name, double[] x) {
        double squares = 0;
        for (double value : x) {
            squares += value * value;
        }
        double[] out = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            out[i] = x[i] / Math.sqrt(squares / x.length + 1e-5) * weights.get(name)[i];
        }
        return out;
    }

    private double[] linear(String layer, double[] x) {
        double[] y = product(weights.get(layer + ".weight"), x);
        if (model.bias()) {
            for (int i = 0; i < y.length; i++) {
                y[i] += weights.get(layer + ".bias")[i];
            }
        }
        return y;
    }

    private static double[] product(float[] weight, double[] x) {
        double[] y = new double[weight.length / x.length];
        for (int i = 0; i < weight.length; i++) {
            y[i / x.length] += weight[i] * x[i % x.length];
        }
        return y;
    }

    private static void add(double[] x, double[] y) {
        for (int i = 0; i < x.length; i++) {
            x[i] += y[i];
        }
    }
}
