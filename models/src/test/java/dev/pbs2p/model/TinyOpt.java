package dev.pbs2p.model;

import dev.pbs2p.format.SafetensorsWriter;
import dev.pbs2p.format.SafetensorsWriter.Declared;
import dev.pbs2p.tensor.DType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;

/// An OPT checkpoint of random float32 weights, written as a Hugging Face directory; for tests of any module.
///
/// @param embedded columns of the token table; projections are written where they are not `hidden`
/// @param before whether the layer norms come before the two halves of a block, and after the last block
/// @param tied whether there is no `lm_head.weight`
/// @param decoder how the names of all weights but the head begin
/// @param config entries of config.json that replace or join the ordinary ones, as JSON text
public record TinyOpt(
        int vocab,
        int hidden,
        int ffn,
        int layers,
        int heads,
        int embedded,
        boolean before,
        boolean bias,
        boolean tied,
        String decoder,
        Map<String, String> config) {

    static final int POSITIONS = 32;

    /// 2 layers in the style of most OPT sizes, of sizes that are no multiples of 8.
    public static TinyOpt standard() {
        return new TinyOpt(67, 20, 44, 2, 4, 20, true, true, true, "model.decoder.", Map.of());
    }

    /// In the style of OPT-350M: norms after the halves, and a narrower token table.
    public static TinyOpt projected() {
        return new TinyOpt(67, 20, 44, 2, 4, 12, false, true, true, "model.decoder.", Map.of());
    }

    public TinyOpt withSizes(int vocab, int hidden, int ffn, int layers, int heads) {
        int columns = embedded == this.hidden ? hidden : embedded;
        return new TinyOpt(vocab, hidden, ffn, layers, heads, columns, before, bias, tied, decoder, config);
    }

    public TinyOpt withBias(boolean bias) {
        return new TinyOpt(vocab, hidden, ffn, layers, heads, embedded, before, bias, tied, decoder, config);
    }

    public TinyOpt withTied(boolean tied) {
        return new TinyOpt(vocab, hidden, ffn, layers, heads, embedded, before, bias, tied, decoder, config);
    }

    public TinyOpt withDecoder(String decoder) {
        return new TinyOpt(vocab, hidden, ffn, layers, heads, embedded, before, bias, tied, decoder, config);
    }

    /// Adds or replaces an entry of config.json; a value of `null` leaves the entry out.
    public TinyOpt withConfig(String name, String json) {
        Map<String, String> entries = new LinkedHashMap<>(config);
        entries.put(name, json);
        return new TinyOpt(vocab, hidden, ffn, layers, heads, embedded, before, bias, tied, decoder, entries);
    }

    /// Whether the output of the last block is normalised.
    boolean normalisesLast() {
        return before && !"true".equals(config.get("_remove_final_layer_norm"));
    }

    /// Shapes of all weights by name, in file order.
    public Map<String, long[]> shapes() {
        Map<String, long[]> shapes = new LinkedHashMap<>();
        shapes.put(decoder + "embed_tokens.weight", new long[] {vocab, embedded});
        shapes.put(decoder + "embed_positions.weight", new long[] {POSITIONS + 2, hidden});
        if (embedded != hidden) {
            shapes.put(decoder + "project_in.weight", new long[] {hidden, embedded});
            shapes.put(decoder + "project_out.weight", new long[] {embedded, hidden});
        }
        for (int i = 0; i < layers; i++) {
            String prefix = decoder + "layers." + i + ".";
            for (String projection : List.of("k_proj", "v_proj", "q_proj", "out_proj")) {
                linear(shapes, prefix + "self_attn." + projection, hidden, hidden);
            }
            norm(shapes, prefix + "self_attn_layer_norm");
            linear(shapes, prefix + "fc1", ffn, hidden);
            linear(shapes, prefix + "fc2", hidden, ffn);
            norm(shapes, prefix + "final_layer_norm");
        }
        if (normalisesLast()) {
            norm(shapes, decoder + "final_layer_norm");
        }
        if (!tied) {
            shapes.put("lm_head.weight", new long[] {vocab, embedded});
        }
        return shapes;
    }

    private void linear(Map<String, long[]> shapes, String layer, int outputs, int inputs) {
        shapes.put(layer + ".weight", new long[] {outputs, inputs});
        if (bias) {
            shapes.put(layer + ".bias", new long[] {outputs});
        }
    }

    private void norm(Map<String, long[]> shapes, String name) {
        shapes.put(name + ".weight", new long[] {hidden});
        shapes.put(name + ".bias", new long[] {hidden});
    }

    /// All weights by name, row-major: gains near 1, biases near 0, matrices that keep the size of their input.
    public Map<String, float[]> weights() {
        Random random = new Random(11);
        Map<String, float[]> weights = new LinkedHashMap<>();
        shapes().forEach((name, shape) -> {
            boolean gain = name.endsWith("norm.weight");
            double spread = shape.length == 1 ? 0.1 : name.contains("embed") ? 1 : 1 / Math.sqrt(shape[1]);
            float[] values = new float[(int) Arrays.stream(shape).reduce(1, (a, b) -> a * b)];
            for (int i = 0; i < values.length; i++) {
                values[i] = (float) ((gain ? 1 : 0) + spread * random.nextGaussian());
            }
            weights.put(name, values);
        });
        return weights;
    }

    /// Writes config.json and model.safetensors.
    ///
    /// @return `directory`, made if need be
    public Path write(Path directory) {
        List<Declared> tensors = new ArrayList<>();
        shapes().forEach((name, shape) -> tensors.add(Declared.of(name, DType.F32, shape)));
        try {
            Files.createDirectories(directory);
            Files.writeString(directory.resolve("config.json"), configJson());
            try (SafetensorsWriter writer =
                    new SafetensorsWriter(directory.resolve("model.safetensors"), Map.of("format", "pt"), tensors)) {
                for (Map.Entry<String, float[]> weight : weights().entrySet()) {
                    writer.write(weight.getKey(), MemorySegment.ofArray(weight.getValue()));
                }
                writer.commit();
            }
            return directory;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// The text of config.json.
    public String configJson() {
        Map<String, String> entries = new LinkedHashMap<>();
        entries.put("architectures", "[\"OPTForCausalLM\"]");
        entries.put("activation_function", "\"relu\"");
        entries.put("vocab_size", "" + vocab);
        entries.put("hidden_size", "" + hidden);
        entries.put("ffn_dim", "" + ffn);
        entries.put("num_hidden_layers", "" + layers);
        entries.put("num_attention_heads", "" + heads);
        entries.put("word_embed_proj_dim", "" + embedded);
        entries.put("do_layer_norm_before", "" + before);
        entries.put("enable_bias", "" + bias);
        entries.put("tie_word_embeddings", "" + tied);
        entries.put("max_position_embeddings", "" + POSITIONS);
        entries.put("bos_token_id", "2");
        entries.put("eos_token_id", "2");
        entries.putAll(config);
        return entries.entrySet().stream()
                .filter(entry -> entry.getValue() != null)
                .map(entry -> "\"" + entry.getKey() + "\": " + entry.getValue())
                .collect(Collectors.joining(",\n", "{", "}"));
    }
}
