package dev.pbs2p.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pbs2p.format.FormatException;
import dev.pbs2p.tensor.Checkpoint;
import dev.pbs2p.tensor.Weight;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LlamaConfigTest {

    private static final Map<String, String> ORDINARY = Map.of(
            "vocab_size", "100",
            "hidden_size", "64",
            "intermediate_size", "172",
            "num_hidden_layers", "5",
            "num_attention_heads", "8",
            "rms_norm_eps", "1e-5",
            "max_position_embeddings", "512");

    @Test
    void fillsInWhatOlderFilesLeaveOut() {
        LlamaConfig config = parse();
        assertEquals(8, config.numKeyValueHeads());
        assertEquals(8, config.headDim());
        assertEquals(10_000, config.ropeTheta());
        assertEquals(Integer.MAX_VALUE, config.slidingWindow());
        assertEquals(List.of(), config.eosTokenId());
        assertEquals(1e-5f, config.rmsNormEps());
    }

    @Test
    void readsEveryOptionalValue() {
        LlamaConfig config = parse(
                "num_key_value_heads", "2",
                "head_dim", "32",
                "rope_theta", "500000.0",
                "rope_scaling", "null",
                "sliding_window", "4096",
                "tie_word_embeddings", "true",
                "attention_bias", "true",
                "mlp_bias", "true",
                "bos_token_id", "1",
                "eos_token_id", "[2, 7]");
        assertEquals(2, config.numKeyValueHeads());
        assertEquals(32, config.headDim());
        assertEquals(500_000, config.ropeTheta());
        assertEquals(4096, config.slidingWindow());
        assertTrue(config.tieWordEmbeddings() && config.attentionBias() && config.mlpBias());
        assertEquals(List.of(1), config.bosTokenId());
        assertEquals(List.of(2, 7), config.eosTokenId());
    }

    @Test
    void frequenciesAreThePowersOfTheta() {
        float[] frequencies = parse("rope_theta", "16", "head_dim", "4").ropeFrequencies();
        assertEquals(2, frequencies.length);
        assertEquals(1, frequencies[0]);
        assertEquals(0.25f, frequencies[1]);
    }

    /// Llama 3.1's values; expected figures worked out by hand from the definition: pairs of fewer than 1 wave in 8192
    /// positions are slowed 8 times, of more than 4 kept, between them the share kept is (waves - 1) / 3.
    @Test
    void llama3ScalingKeepsShortWavesAndSlowsLongOnes() {
        String scaling = "{\"rope_type\": \"llama3\", \"factor\": 8.0, \"low_freq_factor\": 1.0,"
                + " \"high_freq_factor\": 4.0, \"original_max_position_embeddings\": 8192}";
        float[] plain = parse("rope_theta", "500000", "head_dim", "128").ropeFrequencies();
        float[] old = parse("rope_theta", "500000", "head_dim", "128", "rope_scaling", scaling)
                .ropeFrequencies();
        String joined = scaling.replace("{", "{\"rope_theta\": 500000, ");
        float[] recent = parse("head_dim", "128", "rope_parameters", joined).ropeFrequencies();
        int kept = 0;
        int slowed = 0;
        for (int i = 0; i < plain.length; i++) {
            double waves = 8192 * plain[i] / (2 * Math.PI);
            double share = waves < 1 ? 0 : waves > 4 ? 1 : (waves - 1) / 3;
            kept += share == 1 ? 1 : 0;
            slowed += share == 0 ? 1 : 0;
            double expected = plain[i] * share + plain[i] / 8 * (1 - share);
            assertEquals(expected, old[i], 1e-6 * expected);
            assertEquals(old[i], recent[i]);
        }
        // theta^(-2i/128) · 8192 / 2pi > 4 up to i = 28, < 1 from i = 35 on
        assertEquals(29, kept);
        assertEquals(29, slowed);
    }

    @Test
    void linearScalingDividesEveryFrequency() {
        float[] plain = parse().ropeFrequencies();
        float[] scaled =
                parse("rope_scaling", "{\"type\": \"linear\", \"factor\": 2.0}").ropeFrequencies();
        for (int i = 0; i < plain.length; i++) {
            assertEquals(plain[i] / 2, scaled[i]);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "hidden_size; null; lacks hidden_size",
                "hidden_size; \"64\"; hidden_size = \"64\"; ",
                "hidden_size; 0; 1 to 16777216",
                "vocab_size; 99999999999; vocab_size = 99999999999",
                "num_hidden_layers; 2.5; num_hidden_layers = 2.5",
                "num_key_value_heads; 3; a divisor of the 8 attention heads",
                "head_dim; 7; an even number",
                "head_dim; 16000000; an even number",
                "rms_norm_eps; -1; rms_norm_eps = -1",
                "tie_word_embeddings; 1; true or false",
                "eos_token_id; \"x\"; a token id",
                "hidden_act; \"gelu\"; the only activation supported",
                "quantization_config; {\"quant_method\":\"gptq\"}; quantised already",
                "partial_rotary_factor; 0.5; all columns",
                "rope_scaling; {\"rope_type\": \"yarn\"}; rope_type = \"yarn\"",
                "rope_scaling; {\"rope_type\": \"linear\"}; lacks factor",
                "rope_scaling; 3; an object",
            })
    void rejectsWhatItCannotUseInOneSentence(String name, String json, String said) {
        FormatException e = assertThrows(FormatException.class, () -> parse(name, json));
        assertTrue(e.getMessage().contains(said), e.getMessage());
        assertTrue(e.getMessage().contains("config.json of here"), e.getMessage());
    }

    @Test
    void namesAnUnknownArchitectureAndTheKnownOnes() {
        Checkpoint checkpoint = checkpoint("{\"architectures\": [\"GPT2LMHeadModel\"]}");
        FormatException e = assertThrows(FormatException.class, () -> Models.open(checkpoint, null));
        assertTrue(e.getMessage().contains("GPT2LMHeadModel"), e.getMessage());
        assertTrue(e.getMessage().contains("LlamaForCausalLM, MistralForCausalLM"), e.getMessage());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {"[1]; not a JSON object", "{\"a\": ; not valid JSON", "''; not"})
    void rejectsAFileThatIsNoObject(String json, String said) {
        FormatException e = assertThrows(FormatException.class, () -> LlamaConfig.of(checkpoint(json)));
        assertTrue(e.getMessage().contains(said), e.getMessage());
    }

    private static LlamaConfig parse(String... namesAndValues) {
        Map<String, String> entries = new HashMap<>(ORDINARY);
        for (int i = 0; i < namesAndValues.length; i += 2) {
            entries.put(namesAndValues[i], namesAndValues[i + 1]);
        }
        StringBuilder json = new StringBuilder("{\"architectures\": [\"LlamaForCausalLM\"]");
        entries.forEach(
                (name, value) -> json.append(", \"").append(name).append("\": ").append(value));
        return LlamaConfig.of(checkpoint(json.append("}").toString()));
    }

    private static Checkpoint checkpoint(String config) {
        return new Checkpoint() {
            @Override
            public String source() {
                return "here";
            }

            @Override
            public Set<String> names() {
                return Set.of();
            }

            @Override
            public Weight weight(String name) {
                throw new AssertionError("no weight is needed");
            }

            @Override
            public Optional<byte[]> file(String name) {
                return Optional.of(config.getBytes(StandardCharsets.UTF_8));
            }

            @Override
            public void close() {}
        };
    }
}
