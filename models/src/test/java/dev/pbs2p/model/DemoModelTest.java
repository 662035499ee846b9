package dev.pbs2p.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.pbs2p.generate.Model;
import dev.pbs2p.kernel.Backend;
import dev.pbs2p.kernel.KvCache;
import dev.pbs2p.kernel.Matrix;
import dev.pbs2p.tensor.Checkpoint;
import dev.pbs2p.weights.Checkpoints;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Real checkpoints against logits and greedy continuations of independent implementations.
class DemoModelTest {

    static List<Named<Supplier<Backend>>> backends() {
        return TestBackends.all();
    }

    @ParameterizedTest
    @MethodSource("backends")
    void demoModelGivesItsReferenceLogits(Supplier<Backend> backend) throws IOException {
        JsonNode reference = demoReference();
        int[] ids = ints(reference.get("token_ids"));
        open(SharedFiles.demo(), backend, model -> {
            float[] logits = logits(model, ids);
            int last = (ids.length - 1) * model.vocabulary();
            assertClose(
                    reference.get("last_position_logits"), Arrays.copyOfRange(logits, last, last + model.vocabulary()));
            for (JsonNode top : reference.get("top20")) {
                int row = top.get("position").intValue() * model.vocabulary();
                int[] tokens = ints(top.get("ids"));
                float[] seen = new float[tokens.length];
                for (int i = 0; i < tokens.length; i++) {
                    seen[i] = logits[row + tokens[i]];
                }
                assertClose(top.get("logits"), seen);
            }
        });
    }

    @ParameterizedTest
    @MethodSource("backends")
    void demoModelContinuesAsItsReference(Supplier<Backend> backend) throws IOException {
        JsonNode reference = demoReference();
        open(SharedFiles.demo(), backend, model -> {
            for (JsonNode greedy : reference.get("greedy")) {
                int[] expected = ints(greedy.get("greedy_ids"));
                assertArrayEquals(expected, greedy(model, ints(greedy.get("prompt_ids")), expected.length));
            }
        });
    }

    @ParameterizedTest
    @MethodSource("backends")
    void stories260kGivesItsReferenceLogitsAndContinuation(Supplier<Backend> backend) throws IOException {
        Path directory = SharedFiles.shared("models/stories260k");
        JsonNode reference = JsonMapper.shared().readTree(Files.readString(directory.resolve("reference.json")));
        int[] prompt = ints(reference.get("prompt_ids"));
        int[] whole = ints(reference.get("greedy_ids"));
        open(directory, backend, model -> {
            float[] logits = logits(model, prompt);
            assertClose(
                    reference.get("last_logits_of_prompt"),
                    Arrays.copyOfRange(logits, logits.length - model.vocabulary(), logits.length));
            assertArrayEquals(
                    Arrays.copyOfRange(whole, prompt.length, whole.length),
                    greedy(model, prompt, whole.length - prompt.length));
        });
    }

    private interface Check {
        void accept(Model model) throws IOException;
    }

    private static void open(Path directory, Supplier<Backend> kind, Check check) throws IOException {
        try (Checkpoint checkpoint = Checkpoints.open(directory);
                Backend backend = kind.get();
                Model model = Models.open(checkpoint, backend)) {
            check.accept(model);
        }
    }

    private static float[] logits(Model model, int[] ids) {
        try (KvCache cache = model.backend().window(1)) {
            return model.backend().read(model.logits(model.forward(ids, cache)));
        }
    }

    private static int[] greedy(Model model, int[] prompt, int count) {
        int[] continuation = new int[count];
        float[] row = new float[model.vocabulary()];
        int[] next = prompt;
        try (KvCache cache = model.cache(1, prompt.length + count)) {
            for (int i = 0; i < count; i++) {
                try (Backend.Scope _ = model.backend().scope()) {
                    Matrix hidden = model.forward(next, cache);
                    Matrix last = model.backend().rows(hidden, new int[] {hidden.rows() - 1});
                    model.backend().readRow(model.logits(last), 0, row);
                }
                int best = 0;
                for (int t = 1; t < row.length; t++) {
                    best = row[t] > row[best] ? t : best;
                }
                continuation[i] = best;
                next = new int[] {best};
            }
        }
        return continuation;
    }

    /// Within 1e-3 of the largest logit: what two correct float32 implementations may differ by, with room.
    private static void assertClose(JsonNode expected, float[] actual) {
        float[] wanted = new float[expected.size()];
        float largest = 0;
        for (int i = 0; i < wanted.length; i++) {
            wanted[i] = expected.get(i).floatValue();
            largest = Math.max(largest, Math.abs(wanted[i]));
        }
        assertEquals(wanted.length, actual.length);
        assertArrayEquals(wanted, actual, 1e-3f * largest);
    }

    private static int[] ints(JsonNode list) {
        int[] values = new int[list.size()];
        Arrays.setAll(values, i -> list.get(i).intValue());
        return values;
    }

    private static JsonNode demoReference() throws IOException {
        try (InputStream in = DemoModelTest.class.getResourceAsStream("demo-reference.json")) {
            return JsonMapper.shared().readTree(in);
        }
    }
}
