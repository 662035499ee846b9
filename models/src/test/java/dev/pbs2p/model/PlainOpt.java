package dev.pbs2p.model;

import java.util.Map;

/// The OPT forward pass once more: double precision, one token after another, no backend; the oracle of the tests.
public final class PlainOpt {

    private final TinyOpt model;
    private final Map<String, float[]> weights;

    public PlainOpt(TinyOpt model) {
        this(model, model.weights());
    }

    /// With other weights of the same names and shapes.
    PlainOpt(TinyOpt model, Map<String, float[]> weights) {
        this.model = model;
        this.weights = weights;
    }

    /// Logits of every position.
    public double[][] logits(int... ids) {
        String decoder = model.decoder();
        boolean projects = model.embedded() != model.hidden();
        double[][] x = new double[ids.length][];
        for (int t = 0; t < ids.length; t++) {
            double[] token = row(decoder + "embed_tokens", model.embedded(), ids[t]);
            x[t] = projects ? product(decoder + "project_in", token) : token;
            add(x[t], row(decoder + "embed_positions", model.hidden(), t + 2));
        }
        for (int layer = 0; layer < model.layers(); layer++) {
            block(decoder + "layers." + layer + ".", x);
        }
        double[][] logits = new double[ids.length][];
        for (int t = 0; t < ids.length; t++) {
            double[] out = model.normalisesLast() ? norm(decoder + "final_layer_norm", x[t]) : x[t];
            out = projects ? product(decoder + "project_out", out) : out;
            logits[t] = product(model.tied() ? decoder + "embed_tokens" : "lm_head", out);
        }
        return logits;
    }

    private void block(String prefix, double[][] x) {
        double[][] q = new double[x.length][];
        double[][] k = new double[x.length][];
        double[][] v = new double[x.length][];
        for (int t = 0; t < x.length; t++) {
            double[] in = model.before() ? norm(prefix + "self_attn_layer_norm", x[t]) : x[t];
            q[t] = linear(prefix + "self_attn.q_proj", in);
            k[t] = linear(prefix + "self_attn.k_proj", in);
            v[t] = linear(prefix + "self_attn.v_proj", in);
        }
        for (int t = 0; t < x.length; t++) {
            add(x[t], linear(prefix + "self_attn.out_proj", attention(q[t], k, v, t)));
            if (!model.before()) {
                x[t] = norm(prefix + "self_attn_layer_norm", x[t]);
            }
            double[] up = linear(prefix + "fc1", model.before() ? norm(prefix + "final_layer_norm", x[t]) : x[t]);
            for (int i = 0; i < up.length; i++) {
                up[i] = Math.max(up[i], 0);
            }
            add(x[t], linear(prefix + "fc2", up));
            if (!model.before()) {
                x[t] = norm(prefix + "final_layer_norm", x[t]);
            }
        }
    }

    private double[] attention(double[] q, double[][] k, double[][] v, int t) {
        int size = model.hidden() / model.heads();
        double[] out = new double[model.hidden()];
        for (int head = 0; head < out.length; head += size) {
            double total = 0;
            for (int s = 0; s <= t; s++) {
                double score = 0;
                for (int i = head; i < head + size; i++) {
                    score += q[i] * k[s][i];
                }
                double weight = Math.exp(score / Math.sqrt(size));
                total += weight;
                for (int i = head; i < head + size; i++) {
                    out[i] += weight * v[s][i];
                }
            }
            for (int i = head; i < head + size; i++) {
                out[i] /= total;
            }
        }
        return out;
    }

    private double[] norm(String name, double[] x) {
        double mean = 0;
        for (double value : x) {
            mean += value / x.length;
        }
        double variance = 0;
        for (double value : x) {
            variance += (value - mean) * (value - mean) / x.length;
        }
        double[] out = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            out[i] = (x[i] - mean) / Math.sqrt(variance + 1e-5) * weights.get(name + ".weight")[i]
                    + weights.get(name + ".bias")[i];
        }
        return out;
    }

    private double[] linear(String layer, double[] x) {
        double[] y = product(layer, x);
        if (model.bias()) {
            for (int i = 0; i < y.length; i++) {
                y[i] += weights.get(layer + ".bias")[i];
            }
        }
        return y;
    }

    private double[] product(String layer, double[] x) {
        float[] weight = weights.get(layer + ".weight");
        double[] y = new double[weight.length / x.length];
        for (int i = 0; i < weight.length; i++) {
            y[i / x.length] += weight[i] * x[i % x.length];
        }
        return y;
    }

    private double[] row(String table, int columns, int row) {
        double[] values = new double[columns];
        for (int c = 0; c < columns; c++) {
            values[c] = weights.get(table + ".weight")[row * columns + c];
        }
        return values;
    }

    private static void add(double[] x, double[] y) {
        for (int i = 0; i < x.length; i++) {
            x[i] += y[i];
        }
    }
}
