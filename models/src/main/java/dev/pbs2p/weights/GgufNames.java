package dev.pbs2p.weights;

import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The names of a LLaMA's weights in a Hugging Face checkpoint, from those in a GGUF file.
final class GgufNames {

    private static final Pattern BLOCK = Pattern.compile("blk\\.(\\d+)\\.(\\w+)\\.(weight|bias)");

    private static final Map<String, String> OUTSIDE = Map.of(
            "token_embd.weight", "model.embed_tokens.weight",
            "output_norm.weight", "model.norm.weight",
            "output.weight", "lm_head.weight");

    private static final Map<String, String> INSIDE = Map.of(
            "attn_norm", "input_layernorm",
            "attn_q", "self_attn.q_proj",
            "attn_k", "self_attn.k_proj",
            "attn_v", "self_attn.v_proj",
            "attn_output", "self_attn.o_proj",
            "ffn_norm", "post_attention_layernorm",
            "ffn_gate", "mlp.gate_proj",
            "ffn_up", "mlp.up_proj",
            "ffn_down", "mlp.down_proj");

    private GgufNames() {}

    /// The checkpoint's name; a tensor that no checkpoint has keeps its own.
    static String checkpointName(String name) {
        Matcher block = BLOCK.matcher(name);
        if (block.matches() && INSIDE.containsKey(block.group(2))) {
            return "model.layers." + block.group(1) + "." + INSIDE.get(block.group(2)) + "." + block.group(3);
        }
        return OUTSIDE.getOrDefault(name, name);
    }
}
