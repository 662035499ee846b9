package dev.pbs2p.cli.bench;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import tools.jackson.databind.json.JsonMapper;

/// The sizes of a LLaMA.
///
/// @param hidden columns of a hidden state
/// @param intermediate columns inside the feed-forward
/// @param layers decoder layers
/// @param heads query heads
/// @param kvHeads heads of keys and values
/// @param vocabulary tokens
/// @param context most positions
public record Shape(
        String name, int hidden, int intermediate, int layers, int heads, int kvHeads, int vocabulary, int context) {

    private static final List<Shape> KNOWN = List.of(
            new Shape("tinyllama-1.1b", 2048, 5632, 22, 32, 4, 32_000, 2048),
            new Shape("llama-7b", 4096, 11_008, 32, 32, 32, 32_000, 4096),
            new Shape("llama-13b", 5120, 13_824, 40, 40, 40, 32_000, 4096),
            new Shape("llama3-8b", 4096, 14_336, 32, 32, 8, 128_256, 8192));

    /// The shape of that name.
    ///
    /// @throws IllegalArgumentException if none has it; the message lists all
    public static Shape named(String name) {
        return KNOWN.stream()
                .filter(shape -> shape.name.equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("there is no shape " + name + "; choose one of "
                        + KNOWN.stream().map(Shape::name).collect(Collectors.joining(", "))));
    }

    int headDim() {
        return hidden / heads;
    }

    /// Rows and columns of each linear of a layer, by its name there.
    Map<String, int[]> linears() {
        int keys = kvHeads * headDim();
        Map<String, int[]> linears = new LinkedHashMap<>();
        linears.put("self_attn.q_proj", new int[] {hidden, hidden});
        linears.put("self_attn.k_proj", new int[] {keys, hidden});
        linears.put("self_attn.v_proj", new int[] {keys, hidden});
        linears.put("self_attn.o_proj", new int[] {hidden, hidden});
        linears.put("mlp.gate_proj", new int[] {intermediate, hidden});
        linears.put("mlp.up_proj", new int[] {intermediate, hidden});
        linears.put("mlp.down_proj", new int[] {hidden, intermediate});
        return linears;
    }

    /// A `config.json` for it.
    String config() {
        Map<String, Object> config = new LinkedHashMap<>();
        config.put("architectures", List.of("LlamaForCausalLM"));
        config.put("hidden_act", "silu");
        config.put("hidden_size", hidden);
        config.put("intermediate_size", intermediate);
        config.put("num_hidden_layers", layers);
        config.put("num_attention_heads", heads);
        config.put("num_key_value_heads", kvHeads);
        config.put("vocab_size", vocabulary);
        config.put("max_position_embeddings", context);
        config.put("rms_norm_eps", 1e-5);
        config.put("tie_word_embeddings", false);
        return JsonMapper.shared().writeValueAsString(config);
    }
}
