package dev.pbs2p.model;

import dev.pbs2p.tensor.Checkpoint;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The hyperparameters of a LLaMA-family model, named as in its `config.json`.
///
/// @param numKeyValueHeads heads of keys and values; each serves numAttentionHeads / numKeyValueHeads query heads
/// @param headDim columns of one head (even)
/// @param ropeScaling how rotary frequencies are stretched; null where they stay theta^(-2i / headDim)
/// @param slidingWindow how many positions back a token may look, itself included; `Integer.MAX_VALUE` for all
/// @param bosTokenId begin-of-text ids, as listed (none or one)
/// @param eosTokenId end-of-text ids, as listed (any number)
public record LlamaConfig(
        int vocabSize,
        int hiddenSize,
        int intermediateSize,
        int numHiddenLayers,
        int numAttentionHeads,
        int numKeyValueHeads,
        int headDim,
        float rmsNormEps,
        double ropeTheta,
        @Nullable RopeScaling ropeScaling,
        int maxPositionEmbeddings,
        int slidingWindow,
        boolean tieWordEmbeddings,
        boolean attentionBias,
        boolean mlpBias,
        List<Integer> bosTokenId,
        List<Integer> eosTokenId) {

    /// Reads `config.json` of a checkpoint.
    ///
    /// @throws dev.pbs2p.format.FormatException if a value is missing, of the wrong kind, out of range or
    ///     not supported
    public static LlamaConfig of(Checkpoint checkpoint) {
        return parse(Config.of(checkpoint));
    }

    static LlamaConfig parse(Config config) {
        requireSupported(config);
        int hidden = config.size("hidden_size");
        int heads = config.size("num_attention_heads");
        int keyValueHeads = config.size("num_key_value_heads", heads);
        if (heads % keyValueHeads != 0) {
            throw config.unusable("num_key_value_heads", "a divisor of the " + heads + " attention heads");
        }
        int headDim = config.size("head_dim", hidden / heads);
        if (headDim % 2 != 0 || headDim == 0 || (long) headDim * heads > Config.LARGEST_SIZE) {
            throw config.unusable("head_dim", "an even number (hidden_size / num_attention_heads if absent)");
        }
        return new LlamaConfig(
                config.size("vocab_size"),
                hidden,
                config.size("intermediate_size"),
                config.size("num_hidden_layers"),
                heads,
                keyValueHeads,
                headDim,
                (float) config.real("rms_norm_eps"),
                ropeTheta(config),
                ropeScaling(config),
                config.size("max_position_embeddings"),
                config.size("sliding_window", Integer.MAX_VALUE),
                config.flag("tie_word_embeddings", false),
                config.flag("attention_bias", false),
                config.flag("mlp_bias", false),
                List.copyOf(config.ids("bos_token_id")),
                List.copyOf(config.ids("eos_token_id")));
    }

    /// Radians a position for each of the headDim / 2 rotated pairs: theta^(-2i / headDim), scaled.
    public float[] ropeFrequencies() {
        float[] frequencies = new float[headDim / 2];
        for (int i = 0; i < frequencies.length; i++) {
            double frequency = Math.pow(ropeTheta, -2.0 * i / headDim);
            frequencies[i] = (float) (ropeScaling == null ? frequency : ropeScaling.apply(frequency));
        }
        return frequencies;
    }

    /// Rejects what would make this definition of the model silently wrong.
    private static void requireSupported(Config config) {
        if (!config.text("hidden_act", "silu").equals("silu")) {
            throw config.unusable("hidden_act", "\"silu\", the only activation supported");
        }
        if (config.real("partial_rotary_factor", 1) != 1) {
            throw config.unusable("partial_rotary_factor", "1 (all columns of a head turn)");
        }
        if (config.has("quantization_config")) {
            throw config.unusable("quantization_config", "none: the checkpoint is quantised already; use its original");
        }
    }

    private static double ropeTheta(Config config) {
        Config parameters = config.object("rope_parameters");
        return (parameters != null && parameters.has("rope_theta") ? parameters : config).real("rope_theta", 10_000);
    }

    /// From `rope_parameters`, or `rope_scaling` as older files call it.
    private static @Nullable RopeScaling ropeScaling(Config config) {
        Config parameters = config.object("rope_parameters");
        Config scaling = parameters == null ? config.object("rope_scaling") : parameters;
        if (scaling == null) {
            return null;
        }
        String kind = scaling.has("rope_type") ? "rope_type" : "type";
        return switch (scaling.text(kind, "default")) {
            case "default" -> null;
            case "linear" -> new RopeScaling.Linear(scaling.real("factor"));
            case "llama3" -> llama3(scaling);
            default -> throw scaling.unusable(kind, "\"default\", \"linear\" or \"llama3\", which are supported");
        };
    }

    private static RopeScaling llama3(Config config) {
        double low = config.real("low_freq_factor");
        double high = config.real("high_freq_factor");
        if (high <= low) {
            throw config.unusable("high_freq_factor", "more than low_freq_factor");
        }
        return new RopeScaling.Llama3(
                config.real("factor"), low, high, config.real("original_max_position_embeddings"));
    }
}
