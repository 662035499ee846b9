package dev.pbs2p.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pbs2p.format.FormatException;
import dev.pbs2p.generate.Generation;
import dev.pbs2p.generate.SamplingOptions;
import dev.pbs2p.tokenizer.Message;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

final class LanguageModelTest {

    private static final TextOptions GREEDY = new TextOptions(12, SamplingOptions.GREEDY);

    private static LanguageModel model;

    @BeforeAll
    static void open() {
        model = LanguageModel.open(SharedFiles.demo());
    }

    @AfterAll
    static void close() {
        model.close();
    }

    @Test
    void greedyTextsAreTheReferences() throws IOException {
        try (InputStream in = LanguageModelTest.class.getResourceAsStream("demo-reference.json")) {
            for (JsonNode item : JsonMapper.shared().readTree(in).get("greedy")) {
                JsonNode ids = item.get("greedy_ids");
                List<Integer> expected = IntStream.range(0, ids.size())
                        .mapToObj(i -> ids.get(i).intValue())
                        .toList();
                StringBuilder streamed = new StringBuilder();
                String prompt = item.get("prompt").stringValue();
                Completion completion = model.generate(prompt, GREEDY.withMaxTokens(ids.size()), streamed::append);
                assertEquals(expected, completion.generation().tokens());
                assertEquals(completion.text(), streamed.toString());
                int[] whole = IntStream.concat(
                                IntStream.of(model.tokenizer().encode(prompt, true)),
                                expected.stream().mapToInt(Integer::intValue))
                        .toArray();
                assertEquals(prompt + completion.text(), model.tokenizer().decode(whole));
            }
        }
    }

    @Test
    void aConversationIsNotReadTwice() {
        Message question = Message.user("Tell me about the king.");
        Completion first = model.chat(List.of(question), GREEDY, _ -> {});
        Completion second =
                model.chat(List.of(question, Message.assistant(first.text()), Message.user("Go on.")), GREEDY, _ -> {});
        assertTrue(second.generation().reusedTokens() >= first.generation().promptTokens() - 1, second.toString());
        assertEquals(Generation.End.LIMIT, second.generation().end());
    }

    @Test
    void seedsGiveTheSameTextTwice() {
        TextOptions options = new TextOptions(20, SamplingOptions.DEFAULT.withSeed(5));
        String text = model.generate("One day", options, _ -> {}).text();
        assertEquals(text, model.generate("One day", options, _ -> {}).text());
    }

    @Test
    void interruptingTheThreadEndsTheText() {
        Completion completion =
                model.generate("One day", GREEDY, _ -> Thread.currentThread().interrupt());
        assertTrue(Thread.interrupted());
        assertEquals(Generation.End.INTERRUPTED, completion.generation().end());
    }

    @Test
    void aModelWithoutATemplateDoesNotChat(@TempDir Path folder) throws IOException {
        for (String file : List.of("config.json", "tokenizer.json", "model.safetensors")) {
            Files.copy(SharedFiles.demo().resolve(file), folder.resolve(file));
        }
        try (LanguageModel plain = LanguageModel.open(folder)) {
            IllegalArgumentException e = assertThrows(
                    IllegalArgumentException.class, () -> plain.chat(List.of(Message.user("Hi")), GREEDY, _ -> {}));
            assertTrue(e.getMessage().contains("has no chat template"), e.getMessage());
            assertEquals(
                    12,
                    plain.generate("One", GREEDY, _ -> {}).generation().tokens().size());
        }
        Files.delete(folder.resolve("tokenizer.json"));
        FormatException e = assertThrows(FormatException.class, () -> LanguageModel.open(folder));
        assertTrue(e.getMessage().contains("has no tokenizer.json"), e.getMessage());
    }
}
