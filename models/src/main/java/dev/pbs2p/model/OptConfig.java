package dev.pbs2p.model;

import dev.pbs2p.tensor.Checkpoint;
import java.util.List;

/// The hyperparameters of an OPT model, named as in its `config.json`.
///
/// @param ffnDim columns between the two feed-forward layers
/// @param maxPositionEmbeddings learned positions; the table has two rows more
/// @param wordEmbedProjDim columns of the token table; where they are not `hiddenSize`, `project_in` and `project_out`
///     lie between the table and the blocks
/// @param doLayerNormBefore whether a block normalises what enters its two halves (all sizes but 350M), or what leaves
///     them
/// @param finalLayerNorm whether the last block's output is normalised
/// @param enableBias whether the linears of a block have biases
/// @param bosTokenId begin-of-text ids, as listed (none or one)
/// @param eosTokenId end-of-text ids, as listed (any number)
public record OptConfig(
        int vocabSize,
        int hiddenSize,
        int ffnDim,
        int numHiddenLayers,
        int numAttentionHeads,
        int maxPositionEmbeddings,
        int wordEmbedProjDim,
        boolean doLayerNormBefore,
        boolean finalLayerNorm,
        boolean enableBias,
        boolean tieWordEmbeddings,
        List<Integer> bosTokenId,
        List<Integer> eosTokenId) {

    /// Row of the table of positions that holds position 0; the rows before it were never trained.
    public static final int POSITION_OFFSET = 2;

    /// Under the square root of every layer norm; no `config.json` can change it.
    public static final float LAYER_NORM_EPS = 1e-5f;

    /// Reads `config.json` of a checkpoint.
    ///
    /// @throws dev.pbs2p.format.FormatException if a value is missing, of the wrong kind, out of range or
    ///     not supported
    public static OptConfig of(Checkpoint checkpoint) {
        return parse(Config.of(checkpoint));
    }

    static OptConfig parse(Config config) {
        requireSupported(config);
        int hidden = config.size("hidden_size");
        int heads = config.size("num_attention_heads");
        if (hidden % heads != 0) {
            throw config.unusable("num_attention_heads", "a divisor of the hidden size, " + hidden);
        }
        boolean before = config.flag("do_layer_norm_before", true);
        return new OptConfig(
                config.size("vocab_size"),
                hidden,
                config.size("ffn_dim"),
                config.size("num_hidden_layers"),
                heads,
                config.size("max_position_embeddings"),
                config.size("word_embed_proj_dim", hidden),
                before,
                before && !config.flag("_remove_final_layer_norm", false),
                config.flag("enable_bias", true),
                config.flag("tie_word_embeddings", true),
                List.copyOf(config.ids("bos_token_id")),
                List.copyOf(config.ids("eos_token_id")));
    }

    /// Rejects what would make this definition of the model silently wrong.
    private static void requireSupported(Config config) {
        if (!config.text("activation_function", "relu").equals("relu")) {
            throw config.unusable("activation_function", "\"relu\", the only activation supported");
        }
        if (!config.flag("layer_norm_elementwise_affine", true)) {
            throw config.unusable("layer_norm_elementwise_affine", "true (layer norms with gains and biases)");
        }
        if (config.has("quantization_config")) {
            throw config.unusable("quantization_config", "none: the checkpoint is quantised already; use its original");
        }
    }

    /// Whether projections lie between the token table and the blocks.
    boolean projects() {
        return wordEmbedProjDim != hiddenSize;
    }
}
