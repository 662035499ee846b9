package dev.pbs2p.compress.torch;

import dev.pbs2p.format.Packing;
import dev.pbs2p.tensor.Checkpoint;
import dev.pbs2p.tensor.DenseWeight;
import dev.pbs2p.tensor.PackedMatrix;
import dev.pbs2p.tensor.Weight;
import java.util.Arrays;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The forward passes of LLaMA and OPT in float64 by LibTorch's own functions and a reading of config.json of its own:
/// an oracle that shares nothing with the models. Packed weights count as the values of their codes.
final class TorchReference {

    private final Checkpoint checkpoint;
    private final JsonNode config;
    private final int heads;

    TorchReference(Checkpoint checkpoint) {
        this.checkpoint = checkpoint;
        this.config =
                JsonMapper.shared().readTree(checkpoint.file("config.json").orElseThrow());
        this.heads = config.get("num_attention_heads").intValue();
    }

    /// Logits of every position, row by row.
    double[] logits(int... ids) {
        try (PointerScope _ = new PointerScope()) {
            boolean opt = config.get("architectures").get(0).stringValue().startsWith("OPT");
            Tensor logits = (opt ? opt(ids) : llama(ids)).contiguous();
            double[] values = new double[Math.toIntExact(logits.numel())];
            logits.data_ptr_double().get(values);
            return values;
        }
    }

    private Tensor llama(int[] ids) {
        int keyHeads = config.get("num_key_value_heads").intValue();
        double[] frequencies = frequencies(config.get("head_dim").intValue());
        int span = config.path("sliding_window").asInt(ids.length);
        Tensor x = torch.embedding(weight("model.embed_tokens.weight"), Native.indices(ids));
        for (int i = 0; i < config.get("num_hidden_layers").intValue(); i++) {
            String layer = "model.layers." + i + ".";
            Tensor in = rmsNorm(x, layer + "input_layernorm");
            Tensor q = rotated(split(linear(in, layer + "self_attn.q_proj"), heads), frequencies);
            Tensor k = rotated(split(linear(in, layer + "self_attn.k_proj"), keyHeads), frequencies);
            Tensor v = split(linear(in, layer + "self_attn.v_proj"), keyHeads);
            x = x.add(linear(attention(q, k, v, span), layer + "self_attn.o_proj"));
            in = rmsNorm(x, layer + "post_attention_layernorm");
            Tensor gate = torch.silu(linear(in, layer + "mlp.gate_proj"));
            x = x.add(linear(gate.mul(linear(in, layer + "mlp.up_proj")), layer + "mlp.down_proj"));
        }
        boolean tied = config.get("tie_word_embeddings").booleanValue();
        return linear(rmsNorm(x, "model.norm"), tied ? "model.embed_tokens" : "lm_head");
    }

    private Tensor opt(int[] ids) {
        String decoder = "model.decoder.";
        boolean before = config.get("do_layer_norm_before").booleanValue();
        Tensor x = torch.embedding(weight(decoder + "embed_tokens.weight"), Native.indices(ids));
        boolean projected = checkpoint.names().contains(decoder + "project_in.weight");
        x = projected ? linear(x, decoder + "project_in") : x;
        x = x.add(weight(decoder + "embed_positions.weight").narrow(0, 2, ids.length));
        for (int i = 0; i < config.get("num_hidden_layers").intValue(); i++) {
            String layer = decoder + "layers." + i + ".";
            Tensor in = before ? layerNorm(x, layer + "self_attn_layer_norm") : x;
            Tensor mixed = attention(
                    split(linear(in, layer + "self_attn.q_proj"), heads),
                    split(linear(in, layer + "self_attn.k_proj"), heads),
                    split(linear(in, layer + "self_attn.v_proj"), heads),
                    ids.length);
            x = x.add(linear(mixed, layer + "self_attn.out_proj"));
            x = before ? x : layerNorm(x, layer + "self_attn_layer_norm");
            in = before ? layerNorm(x, layer + "final_layer_norm") : x;
            x = x.add(linear(torch.relu(linear(in, layer + "fc1")), layer + "fc2"));
            x = before ? x : layerNorm(x, layer + "final_layer_norm");
        }
        x = before ? layerNorm(x, decoder + "final_layer_norm") : x;
        return linear(projected ? linear(x, decoder + "project_out") : x, decoder + "embed_tokens");
    }

    /// As in the published code of Llama 3.1: by wave lengths, where ours goes by waves in a context.
    private double[] frequencies(int headDim) {
        double theta = config.path("rope_theta").asDouble(10_000);
        JsonNode scaling = config.path("rope_scaling");
        double[] frequencies = new double[headDim / 2];
        Arrays.setAll(frequencies, i -> {
            double frequency = 1 / Math.pow(theta, 2.0 * i / headDim);
            if (!scaling.isObject()) {
                return frequency;
            }
            double factor = scaling.get("factor").doubleValue();
            double low = scaling.get("low_freq_factor").doubleValue();
            double high = scaling.get("high_freq_factor").doubleValue();
            double original = scaling.get("original_max_position_embeddings").doubleValue();
            double length = 2 * Math.PI / frequency;
            if (length < original / high) {
                return frequency;
            }
            if (length > original / low) {
                return frequency / factor;
            }
            double smooth = (original / length - low) / (high - low);
            return (1 - smooth) * frequency / factor + smooth * frequency;
        });
        return frequencies;
    }

    /// (heads, tokens, columns of a head).
    private static Tensor split(Tensor x, int heads) {
        return x.reshape(x.size(0), heads, x.size(1) / heads).transpose(0, 1);
    }

    private static Tensor rotated(Tensor x, double[] frequencies) {
        int tokens = Math.toIntExact(x.size(1));
        int half = frequencies.length;
        double[] angles = new double[tokens * half];
        Arrays.setAll(angles, i -> i / half * frequencies[i % half]);
        Tensor angle = doubles(angles, tokens, half);
        Tensor a = x.narrow(2, 0, half);
        Tensor b = x.narrow(2, half, half);
        Tensor first = a.mul(angle.cos()).sub(b.mul(angle.sin()));
        Tensor second = b.mul(angle.cos()).add(a.mul(angle.sin()));
        return torch.cat(new TensorVector(first, second), 2);
    }

    private static Tensor attention(Tensor q, Tensor k, Tensor v, int span) {
        int tokens = Math.toIntExact(q.size(1));
        double[] mask = new double[tokens * tokens];
        Arrays.setAll(mask, i -> {
            int back = i / tokens - i % tokens;
            return back >= 0 && back < span ? 0 : Double.NEGATIVE_INFINITY;
        });
        Tensor mixed = torch.scaled_dot_product_attention(
                q.unsqueeze(0),
                k.unsqueeze(0),
                v.unsqueeze(0),
                new TensorOptional(doubles(mask, tokens, tokens)),
                0,
                false,
                new DoubleOptional(),
                true);
        return mixed.squeeze(0).transpose(0, 1).reshape(tokens, q.size(0) * q.size(2));
    }

    private static Tensor doubles(double[] values, long... shape) {
        Tensor tensor = Native.empty(ScalarType.Double, shape);
        tensor.data_ptr_double().put(values);
        return tensor;
    }

    private Tensor rmsNorm(Tensor x, String name) {
        double eps = config.get("rms_norm_eps").doubleValue();
        return torch.rms_norm(
                x, new long[] {x.size(1)}, new TensorOptional(weight(name + ".weight")), new DoubleOptional(eps));
    }

    private Tensor layerNorm(Tensor x, String name) {
        return torch.layer_norm(
                x,
                new long[] {x.size(1)},
                new TensorOptional(weight(name + ".weight")),
                new TensorOptional(weight(name + ".bias")),
                1e-5,
                false);
    }

    private Tensor linear(Tensor x, String name) {
        Tensor y = torch.matmul(x, weight(name + ".weight").t());
        return checkpoint.names().contains(name + ".bias") ? y.add(weight(name + ".bias")) : y;
    }

    private Tensor weight(String name) {
        Weight weight = checkpoint.weight(name);
        float[] values = switch (weight) {
            case DenseWeight dense -> dense.toFloats();
            case PackedMatrix packed -> Packing.unpack(packed).toFloats();
        };
        boolean vector = weight instanceof dev.pbs2p.tensor.Tensor tensor && tensor.shape().length == 1;
        long[] shape = vector ? new long[] {weight.cols()} : new long[] {weight.rows(), weight.cols()};
        return Native.tensor(values, shape).to(ScalarType.Double);
    }
}
