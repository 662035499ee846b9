package dev.pbs2p.weights;

import dev.pbs2p.tensor.Checkpoint;
import dev.pbs2p.tensor.Tensor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Writes GGUF files of version 3 after the format's specification; for tests of any module.
public final class GgufWriter {

    private static final int ALIGNMENT = 32;

    private record Stored(String name, int type, long[] shape, byte[] data) {}

    private final Map<String, Object> values = new LinkedHashMap<>();
    private final List<Stored> tensors = new ArrayList<>();

    /// Adds or replaces a value: a string, boolean, Integer (as uint32), Float, or a list of strings, Integers or
    /// Floats; null removes it.
    public GgufWriter value(String key, Object value) {
        values.remove(key);
        if (value != null) {
            values.put(key, value);
        }
        return this;
    }

    /// @param type the format's id of how `data` is stored
    /// @param shape outer dimension first
    public GgufWriter tensor(String name, int type, long[] shape, byte[] data) {
        tensors.add(new Stored(name, type, shape, data));
        return this;
    }

    /// A LLaMA checkpoint of a Hugging Face directory with all its tensors: vectors as F32, matrices as BF16.
    public static GgufWriter bf16(Path directory) {
        return of(directory, GgufType.BF16);
    }

    /// The same with matrices as `type`.
    static GgufWriter of(Path directory, GgufType type) {
        try (Checkpoint checkpoint = HfDirectory.open(directory)) {
            JsonNode config =
                    JsonMapper.shared().readTree(checkpoint.file("config.json").orElseThrow());
            GgufWriter writer = new GgufWriter().header(config);
            checkpoint.file("tokenizer.json").map(JsonMapper.shared()::readTree).ifPresent(writer::byteLevel);
            int heads = config.get("num_attention_heads").intValue();
            int keyHeads = config.path("num_key_value_heads").asInt(heads);
            for (String name : checkpoint.names()) {
                Tensor tensor = (Tensor) checkpoint.weight(name);
                float[] values = tensor.toFloats();
                int permuted = name.contains("q_proj") ? heads : name.contains("k_proj") ? keyHeads : 0;
                if (permuted > 0) {
                    values = interleaved(values, (int) tensor.shape()[0], permuted);
                }
                GgufType as = tensor.shape().length == 1 ? GgufType.F32 : type;
                writer.tensor(ggufName(name), id(as), tensor.shape(), encode(values, as));
            }
            return writer;
        }
    }

    private GgufWriter header(JsonNode config) {
        int hidden = config.get("hidden_size").intValue();
        int heads = config.get("num_attention_heads").intValue();
        value("general.architecture", "llama").value("llama.embedding_length", hidden);
        value("llama.context_length", config.get("max_position_embeddings").intValue());
        value("llama.block_count", config.get("num_hidden_layers").intValue());
        value("llama.feed_forward_length", config.get("intermediate_size").intValue());
        value("llama.attention.head_count", heads);
        value(
                "llama.attention.head_count_kv",
                config.path("num_key_value_heads").asInt(heads));
        value("llama.attention.key_length", config.path("head_dim").asInt(hidden / heads));
        value(
                "llama.attention.layer_norm_rms_epsilon",
                config.get("rms_norm_eps").floatValue());
        value("llama.rope.freq_base", (float) config.path("rope_theta").asDouble(10_000));
        value("tokenizer.ggml.bos_token_id", config.get("bos_token_id").intValue());
        return value("tokenizer.ggml.eos_token_id", config.get("eos_token_id").intValue());
    }

    /// The tokenizer of a `tokenizer.json` of the kind of Llama 3.
    private void byteLevel(JsonNode json) {
        Map<Integer, String> tokens = new java.util.TreeMap<>();
        json.at("/model/vocab")
                .properties()
                .forEach(entry -> tokens.put(entry.getValue().intValue(), entry.getKey()));
        List<Integer> special = new ArrayList<>();
        for (JsonNode added : json.get("added_tokens")) {
            tokens.put(added.get("id").intValue(), added.get("content").stringValue());
            special.add(added.get("id").intValue());
        }
        List<String> merges = new ArrayList<>();
        for (JsonNode merge : json.at("/model/merges")) {
            merges.add(
                    merge.isString()
                            ? merge.stringValue()
                            : merge.get(0).stringValue() + " " + merge.get(1).stringValue());
        }
        value("tokenizer.ggml.model", "gpt2").value("tokenizer.ggml.pre", "llama-bpe");
        value("tokenizer.ggml.tokens", List.copyOf(tokens.values()));
        value(
                "tokenizer.ggml.token_type",
                tokens.keySet().stream().map(id -> special.contains(id) ? 3 : 1).toList());
        value("tokenizer.ggml.merges", merges);
    }

    /// The rows of each head in the order that GGUF keeps them in: 0, half, 1, half + 1, …
    private static float[] interleaved(float[] values, int rows, int heads) {
        int cols = values.length / rows;
        int half = rows / heads / 2;
        float[] out = new float[values.length];
        for (int row = 0, to = 0; row < rows; row++) {
            int within = row % (2 * half);
            int from = row - within + (within % 2 == 0 ? within / 2 : half + within / 2);
            System.arraycopy(values, from * cols, out, to, cols);
            to += cols;
        }
        return out;
    }

    private static String ggufName(String name) {
        String[][] parts = {
            {"model.layers.", "blk."},
            {"self_attn.q_proj", "attn_q"},
            {"self_attn.k_proj", "attn_k"},
            {"self_attn.v_proj", "attn_v"},
            {"self_attn.o_proj", "attn_output"},
            {"mlp.gate_proj", "ffn_gate"},
            {"mlp.up_proj", "ffn_up"},
            {"mlp.down_proj", "ffn_down"},
            {"input_layernorm", "attn_norm"},
            {"post_attention_layernorm", "ffn_norm"},
            {"model.embed_tokens", "token_embd"},
            {"model.norm", "output_norm"},
            {"lm_head", "output"}
        };
        for (String[] part : parts) {
            name = name.replace(part[0], part[1]);
        }
        return name;
    }

    private static int id(GgufType type) {
        return switch (type) {
            case F32 -> 0;
            case F16 -> 1;
            case Q4_0 -> 2;
            case Q8_0 -> 8;
            case BF16 -> 30;
        };
    }

    /// Elements as a type stores them; the quantised ones with the scale that the largest of 32 needs.
    static byte[] encode(float[] values, GgufType type) {
        ByteBuffer out = ByteBuffer.allocate((int) type.bytes(values.length)).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < values.length; i += type.elements()) {
            switch (type) {
                case F32 -> out.putFloat(values[i]);
                case F16 -> out.putShort(Float.floatToFloat16(values[i]));
                case BF16 -> out.putShort((short) (Float.floatToRawIntBits(values[i]) >> 16));
                case Q8_0 -> {
                    short scale = scale(values, i, 127);
                    out.putShort(scale);
                    for (int j = i; j < i + 32; j++) {
                        out.put((byte) level(values[j], scale, 127));
                    }
                }
                case Q4_0 -> {
                    short scale = scale(values, i, 7);
                    out.putShort(scale);
                    for (int j = i; j < i + 16; j++) {
                        out.put((byte) (level(values[j], scale, 7) + 8 | level(values[j + 16], scale, 7) + 8 << 4));
                    }
                }
            }
        }
        return out.array();
    }

    private static short scale(float[] values, int from, int levels) {
        float largest = 0;
        for (int i = from; i < from + 32; i++) {
            largest = Math.max(largest, Math.abs(values[i]));
        }
        return Float.floatToFloat16(largest / levels);
    }

    private static int level(float value, short scale, int levels) {
        return Math.clamp(Math.round(value / Float.float16ToFloat(scale)), -levels, levels);
    }

    /// Writes the file.
    public Path write(Path file) {
        try {
            return Files.write(file, bytes());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public byte[] bytes() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(buffer(24)
                .putInt(GgufHeader.MAGIC)
                .putInt(3)
                .putLong(tensors.size())
                .putLong(values.size())
                .array());
        values.forEach((key, value) -> {
            string(out, key);
            out.writeBytes(buffer(4).putInt(typeOf(value)).array());
            put(out, value);
        });
        long offset = 0;
        for (Stored tensor : tensors) {
            string(out, tensor.name);
            out.writeBytes(buffer(4).putInt(tensor.shape.length).array());
            for (int i = tensor.shape.length - 1; i >= 0; i--) {
                out.writeBytes(buffer(8).putLong(tensor.shape[i]).array());
            }
            out.writeBytes(buffer(12).putInt(tensor.type).putLong(offset).array());
            offset += Math.ceilDiv(tensor.data.length, ALIGNMENT) * (long) ALIGNMENT;
        }
        pad(out);
        for (Stored tensor : tensors) {
            out.writeBytes(tensor.data);
            pad(out);
        }
        return out.toByteArray();
    }

    private static void put(ByteArrayOutputStream out, Object value) {
        switch (value) {
            case String text -> string(out, text);
            case Boolean flag -> out.write(flag ? 1 : 0);
            case Integer number -> out.writeBytes(buffer(4).putInt(number).array());
            case Float number -> out.writeBytes(buffer(4).putFloat(number).array());
            case List<?> list -> {
                int type = list.isEmpty() ? 4 : typeOf(list.getFirst());
                out.writeBytes(buffer(12).putInt(type).putLong(list.size()).array());
                list.forEach(item -> put(out, item));
            }
            default -> throw new IllegalArgumentException(value.toString());
        }
    }

    private static int typeOf(Object value) {
        return switch (value) {
            case String _ -> 8;
            case Boolean _ -> 7;
            case Integer _ -> 4;
            case Float _ -> 6;
            default -> 9;
        };
    }

    private static void string(ByteArrayOutputStream out, String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        out.writeBytes(buffer(8).putLong(utf8.length).array());
        out.writeBytes(utf8);
    }

    private static void pad(ByteArrayOutputStream out) {
        while (out.size() % ALIGNMENT != 0) {
            out.write(0);
        }
    }

    private static ByteBuffer buffer(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }
}
