package dev.pbs2p.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.pbs2p.generate.SamplingOptions;
import dev.pbs2p.kernel.Backend;
import dev.pbs2p.kernel.KvCache;
import dev.pbs2p.kernel.ScalarBackend;
import dev.pbs2p.kernel.VectorBackend;
import dev.pbs2p.weights.Checkpoints;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The real stories260K model, whose sizes are multiples of no unit, against what its own program says.
final class StoriesModelTest {

    private static final List<Supplier<Backend>> BACKENDS = List.of(ScalarBackend::new, () -> new VectorBackend(2, 8));

    @Test
    void continuesAsItsOwnProgramDoes() throws IOException {
        Path folder = SharedFiles.shared("models/stories260k/reference.json").getParent();
        JsonNode reference = JsonMapper.shared().readTree(Files.readString(folder.resolve("reference.json")));
        int[] prompt = ints(reference.get("prompt_ids"));
        int[] whole = ints(reference.get("greedy_ids"));
        double[] expected = doubles(reference.get("last_logits_of_prompt"));
        double largest = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
        for (Supplier<Backend> backend : BACKENDS) {
            try (LanguageModel model = LanguageModel.open(Checkpoints.open(folder), backend)) {
                String text = reference.get("prompt").stringValue();
                assertArrayEquals(prompt, model.tokenizer().encode(text, true));
                float[] seen = lastLogits(model, prompt);
                for (int i = 0; i < expected.length; i++) {
                    assertEquals(expected[i], seen[i], 1e-5 * largest);
                }
                TextOptions options = new TextOptions(whole.length - prompt.length, SamplingOptions.GREEDY);
                Completion completion = model.generate(text, options, _ -> {});
                assertArrayEquals(
                        Arrays.copyOfRange(whole, prompt.length, whole.length),
                        completion.generation().tokens().stream()
                                .mapToInt(Integer::intValue)
                                .toArray());
                assertEquals(
                        reference.get("greedy_text").stringValue().replace("<0x0A>", "\n"), text + completion.text());
            }
        }
    }

    private static float[] lastLogits(LanguageModel model, int[] prompt) {
        Backend backend = model.model().backend();
        try (KvCache cache = backend.window(1);
                Backend.Scope _ = backend.scope()) {
            float[] all = backend.read(model.model().logits(model.model().forward(prompt, cache)));
            return Arrays.copyOfRange(all, all.length - model.model().vocabulary(), all.length);
        }
    }

    private static int[] ints(JsonNode list) {
        return IntStream.range(0, list.size()).map(i -> list.get(i).intValue()).toArray();
    }

    private static double[] doubles(JsonNode list) {
        return IntStream.range(0, list.size())
                .mapToDouble(i -> list.get(i).doubleValue())
                .toArray();
    }
}
