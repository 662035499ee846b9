package dev.pbs2p.model;

import dev.pbs2p.tensor.DType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;

/// A LLaMA checkpoint of random weights, written as a Hugging Face directory; for tests of any module.
///
/// The same description and seed give the same bytes. It writes safetensors by itself, so that it can check the reader.
///
/// @param headDim columns of a head (even); heads · headDim need not be `hidden`
/// @param bias whether the attention and feed-forward linears have biases
/// @param shards files the weights are spread over; 1 for a single file without index
/// @param config entries of config.json that replace or join the ordinary ones, as JSON text
public record TinyLlama(
        int vocab,
        int hidden,
        int intermediate,
        int layers,
        int heads,
        int kvHeads,
        int headDim,
        boolean tied,
        boolean bias,
        DType dtype,
        int shards,
        long seed,
        Map<String, String> config) {

    /// 2 layers, grouped-query attention, sizes that are no multiples of 8, tied, float32, one file.
    public static TinyLlama standard() {
        return new TinyLlama(67, 20, 36, 2, 4, 2, 6, true, false, DType.F32, 1, 7, Map.of());
    }

    public TinyLlama withSizes(int vocab, int hidden, int intermediate, int layers) {
        return new TinyLlama(
                vocab, hidden, intermediate, layers, heads, kvHeads, headDim, tied, bias, dtype, shards, seed, config);
    }

    public TinyLlama withHeads(int heads, int kvHeads, int headDim) {
        return new TinyLlama(
                vocab, hidden, intermediate, layers, heads, kvHeads, headDim, tied, bias, dtype, shards, seed, config);
    }

    public TinyLlama withTied(boolean tied) {
        return new TinyLlama(
                vocab, hidden, intermediate, layers, heads, kvHeads, headDim, tied, bias, dtype, shards, seed, config);
    }

    public TinyLlama withBias(boolean bias) {
        return new TinyLlama(
                vocab, hidden, intermediate, layers, heads, kvHeads, headDim, tied, bias, dtype, shards, seed, config);
    }

    public TinyLlama withDtype(DType dtype) {
        return new TinyLlama(
                vocab, hidden, intermediate, layers, heads, kvHeads, headDim, tied, bias, dtype, shards, seed, config);
    }

    public TinyLlama withShards(int shards) {
        return new TinyLlama(
                vocab, hidden, intermediate, layers, heads, kvHeads, headDim, tied, bias, dtype, shards, seed, config);
    }

    public TinyLlama withSeed(long seed) {
        return new TinyLlama(
                vocab, hidden, intermediate, layers, heads, kvHeads, headDim, tied, bias, dtype, shards, seed, config);
    }

    /// Adds or replaces an entry of config.json; a value of `null` leaves the entry out.
    public TinyLlama withConfig(String name, String json) {
        Map<String, String> entries = new LinkedHashMap<>(config);
        entries.put(name, json);
        return new TinyLlama(
                vocab, hidden, intermediate, layers, heads, kvHeads, headDim, tied, bias, dtype, shards, seed, entries);
    }

    /// Shapes of all weights by name, in file order.
    public Map<String, int[]> shapes() {
        Map<String, int[]> shapes = new LinkedHashMap<>();
        shapes.put("model.embed_tokens.weight", new int[] {vocab, hidden});
        for (int i = 0; i < layers; i++) {
            String prefix = "model.layers." + i + ".";
            shapes.put(prefix + "input_layernorm.weight", new int[] {hidden});
            linear(shapes, prefix + "self_attn.q_proj", heads * headDim, hidden);
            linear(shapes, prefix + "self_attn.k_proj", kvHeads * headDim, hidden);
            linear(shapes, prefix + "self_attn.v_proj", kvHeads * headDim, hidden);
            linear(shapes, prefix + "self_attn.o_proj", hidden, heads * headDim);
            shapes.put(prefix + "post_attention_layernorm.weight", new int[] {hidden});
            linear(shapes, prefix + "mlp.gate_proj", intermediate, hidden);
            linear(shapes, prefix + "mlp.up_proj", intermediate, hidden);
            linear(shapes, prefix + "mlp.down_proj", hidden, intermediate);
        }
        shapes.put("model.norm.weight", new int[] {hidden});
        if (!tied) {
            shapes.put("lm_head.weight", new int[] {vocab, hidden});
        }
        return shapes;
    }

    private void linear(Map<String, int[]> shapes, String layer, int outputs, int inputs) {
        shapes.put(layer + ".weight", new int[] {outputs, inputs});
        if (bias) {
            shapes.put(layer + ".bias", new int[] {outputs});
        }
    }

    /// All weights by name, row-major, rounded to `dtype`: gains near 1, biases near 0, matrices that keep the size of
    /// their input.
    public Map<String, float[]> weights() {
        Random random = new Random(seed);
        Map<String, float[]> weights = new LinkedHashMap<>();
        shapes().forEach((name, shape) -> {
            boolean gain = name.endsWith("norm.weight");
            double spread = shape.length == 1 ? 0.1 : name.contains("embed") ? 1 : 1 / Math.sqrt(shape[1]);
            float[] values = new float[shape.length == 1 ? shape[0] : shape[0] * shape[1]];
            for (int i = 0; i < values.length; i++) {
                values[i] = round((float) ((gain ? 1 : 0) + spread * random.nextGaussian()));
            }
            weights.put(name, values);
        });
        return weights;
    }

    /// Writes config.json and the weights.
    ///
    /// @return `directory`, made if need be
    public Path write(Path directory) {
        try {
            Files.createDirectories(directory);
            Files.writeString(directory.resolve("config.json"), configJson());
            if (shards == 1) {
                writeSafetensors(directory.resolve("model.safetensors"), weights());
            } else {
                writeShards(directory);
            }
            return directory;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// The text of config.json.
    public String configJson() {
        Map<String, String> entries = new LinkedHashMap<>();
        entries.put("architectures", "[\"LlamaForCausalLM\"]");
        entries.put("vocab_size", "" + vocab);
        entries.put("hidden_size", "" + hidden);
        entries.put("intermediate_size", "" + intermediate);
        entries.put("num_hidden_layers", "" + layers);
        entries.put("num_attention_heads", "" + heads);
        entries.put("num_key_value_heads", "" + kvHeads);
        entries.put("head_dim", "" + headDim);
        entries.put("rms_norm_eps", "1e-5");
        entries.put("max_position_embeddings", "128");
        entries.put("tie_word_embeddings", "" + tied);
        entries.put("attention_bias", "" + bias);
        entries.put("mlp_bias", "" + bias);
        entries.put("bos_token_id", "1");
        entries.put("eos_token_id", "2");
        entries.putAll(config);
        return entries.entrySet().stream()
                .filter(entry -> entry.getValue() != null)
                .map(entry -> "\"" + entry.getKey() + "\": " + entry.getValue())
                .collect(Collectors.joining(",\n", "{", "}"));
    }

    private void writeShards(Path directory) throws IOException {
        List<Map<String, float[]>> parts = new ArrayList<>();
        for (int i = 0; i < shards; i++) {
            parts.add(new LinkedHashMap<>());
        }
        weights()
                .forEach((name, values) ->
                        parts.get(Math.floorMod(name.hashCode(), shards)).put(name, values));
        List<String> index = new ArrayList<>();
        for (int i = 0; i < shards; i++) {
            String file = "model-%05d-of-%05d.safetensors".formatted(i + 1, shards);
            writeSafetensors(directory.resolve(file), parts.get(i));
            for (String name : parts.get(i).keySet()) {
                index.add("\"" + name + "\": \"" + file + "\"");
            }
        }
        Files.writeString(
                directory.resolve("model.safetensors.index.json"),
                "{\"metadata\": {}, \"weight_map\": {" + String.join(", ", index) + "}}");
    }

    private void writeSafetensors(Path file, Map<String, float[]> tensors) throws IOException {
        List<String> header = new ArrayList<>(List.of("\"__metadata__\": {\"format\": \"pt\"}"));
        int end = 0;
        for (Map.Entry<String, float[]> tensor : tensors.entrySet()) {
            String shape = Arrays.toString(shapes().get(tensor.getKey()));
            int begin = end;
            end += tensor.getValue().length * dtype.bytes();
            header.add("\"%s\": {\"dtype\": \"%s\", \"shape\": %s, \"data_offsets\": [%d, %d]}"
                    .formatted(tensor.getKey(), dtype, shape, begin, end));
        }
        byte[] json = ("{" + String.join(", ", header) + "}").getBytes(StandardCharsets.UTF_8);
        ByteBuffer bytes = ByteBuffer.allocate(8 + json.length + end).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(json.length).put(json);
        tensors.values().forEach(values -> put(bytes, values));
        Files.write(file, bytes.array());
    }

    private void put(ByteBuffer bytes, float[] values) {
        for (float value : values) {
            switch (dtype) {
                case F32 -> bytes.putFloat(value);
                case F16 -> bytes.putShort(Float.floatToFloat16(value));
                case BF16 -> bytes.putShort((short) (Float.floatToRawIntBits(value) >> 16));
                default -> throw new IllegalArgumentException("no checkpoint of " + dtype);
            }
        }
    }

    private float round(float value) {
        return switch (dtype) {
            case F16 -> Float.float16ToFloat(Float.floatToFloat16(value));
            case BF16 -> Float.intBitsToFloat(Float.floatToRawIntBits(value) & 0xffff0000);
            default -> value;
        };
    }
}
