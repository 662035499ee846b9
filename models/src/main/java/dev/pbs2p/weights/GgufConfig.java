package dev.pbs2p.weights;

import dev.pbs2p.format.FormatException;
import java.util.List;
import java.util.OptionalInt;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// Writes the `config.json` of a Hugging Face directory from the values of a GGUF file.
final class GgufConfig {

    private static final String ARCHITECTURE = "general.architecture";
    static final String HEADS = "llama.attention.head_count";
    static final String KEY_HEADS = "llama.attention.head_count_kv";
    private static final String EXPERTS = "llama.expert_count";

    /// The constants of every published Llama 3: only the factor differs.
    private static final double LOW = 1;

    private static final double HIGH = 4;
    private static final double CONTEXT = 8192;

    private final GgufValues values;

    GgufConfig(GgufValues values) {
        this.values = values;
    }

    /// @param vocabulary rows of the table of tokens
    /// @param head whether there is an output matrix besides that table
    /// @param bias whether the linears have biases
    /// @param ropeFactors by what each pair's frequency is divided; empty for nothing
    /// @throws FormatException if a value is missing or not supported
    String json(long vocabulary, boolean head, boolean bias, float[] ropeFactors) {
        String architecture = values.text(ARCHITECTURE)
                .orElseThrow(() -> values.unusable(ARCHITECTURE, "the name of the model's architecture"));
        ObjectNode config = JsonMapper.shared().createObjectNode();
        ArrayNode architectures = config.putArray("architectures");
        if (!architecture.equals("llama")) {
            architectures.add(architecture); // whoever reads it says what is supported
            return config.toString();
        }
        if (values.number(EXPERTS).orElse(0) > 0) {
            throw values.unusable(EXPERTS, "0: mixtures of experts are not supported");
        }
        architectures.add("LlamaForCausalLM");
        int heads = required(HEADS);
        int hidden = required("llama.embedding_length");
        int headDim = values.number("llama.attention.key_length").orElse(hidden / heads);
        config.put("vocab_size", vocabulary)
                .put("hidden_size", hidden)
                .put("intermediate_size", required("llama.feed_forward_length"))
                .put("num_hidden_layers", required("llama.block_count"))
                .put("num_attention_heads", heads)
                .put("num_key_value_heads", values.number(KEY_HEADS).orElse(heads))
                .put("head_dim", headDim)
                .put("max_position_embeddings", required("llama.context_length"))
                .put("tie_word_embeddings", !head)
                .put("attention_bias", bias);
        String epsilon = "llama.attention.layer_norm_rms_epsilon";
        config.put(
                "rms_norm_eps", values.real(epsilon).orElseThrow(() -> values.unusable(epsilon, "a positive number")));
        double theta = values.real("llama.rope.freq_base").orElse(10_000.0);
        config.put("rope_theta", theta);
        values.number("llama.attention.sliding_window").ifPresent(window -> config.put("sliding_window", window));
        ropeScaling(config, theta, headDim, ropeFactors);
        ids(config, "bos_token_id", List.of("tokenizer.ggml.bos_token_id"));
        ids(
                config,
                "eos_token_id",
                List.of("tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id"));
        return config.toString();
    }

    private int required(String key) {
        OptionalInt number = values.number(key);
        if (number.orElse(0) < 1) {
            throw values.unusable(key, "a positive number");
        }
        return number.getAsInt();
    }

    private void ids(ObjectNode config, String name, List<String> keys) {
        ArrayNode ids = config.putArray(name);
        keys.stream()
                .map(values::number)
                .flatMapToInt(OptionalInt::stream)
                .distinct()
                .forEach(ids::add);
    }

    private void ropeScaling(ObjectNode config, double theta, int headDim, float[] factors) {
        String kindKey = "llama.rope.scaling.type";
        String factorKey = "llama.rope.scaling.factor";
        String kind = values.text(kindKey).orElse("none");
        double factor = values.real(factorKey)
                .or(() -> values.real("llama.rope.scale_linear"))
                .orElse(1.0);
        if (factors.length > 0) {
            config.set("rope_scaling", llama3(theta, headDim, factors));
        } else if (kind.equals("linear") || (kind.equals("none") && factor != 1)) {
            config.putObject("rope_scaling").put("rope_type", "linear").put("factor", factor);
        } else if (!kind.equals("none")) {
            throw values.unusable(kindKey, "none or linear, which are supported");
        }
    }

    /// The scaling that the stored factors were computed with; the file holds no more than the factors.
    private ObjectNode llama3(double theta, int headDim, float[] factors) {
        double factor = 1;
        for (float one : factors) {
            factor = Math.max(factor, one);
        }
        for (int i = 0; i < factors.length; i++) {
            double waves = CONTEXT * Math.pow(theta, -2.0 * i / headDim) / (2 * Math.PI);
            double kept = Math.clamp((waves - LOW) / (HIGH - LOW), 0.0, 1.0);
            if (!(Math.abs(factors[i] * (kept + (1 - kept) / factor) - 1) < 1e-3)) {
                throw new FormatException(values.source() + " stretches its rotary frequencies (rope_freqs.weight) in"
                        + " another way than Llama 3, which is not supported");
            }
        }
        return JsonMapper.shared()
                .createObjectNode()
                .put("rope_type", "llama3")
                .put("factor", factor)
                .put("low_freq_factor", LOW)
                .put("high_freq_factor", HIGH)
                .put("original_max_position_embeddings", CONTEXT);
    }
}
