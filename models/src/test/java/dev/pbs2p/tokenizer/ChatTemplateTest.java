package dev.pbs2p.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pbs2p.format.FormatException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Renderings of the templates that users meet, against strings written by hand; and single constructs against what
/// Jinja2 3.1.6 makes of them in Hugging Face's settings.
final class ChatTemplateTest {

    private static final Clock CLOCK = Clock.fixed(Instant.parse("2026-03-09T14:05:06Z"), ZoneOffset.UTC);
    private static final Message SYSTEM = Message.system("You are terse.");
    private static final Message HI = Message.user("Hi!");
    private static final Message HELLO = Message.assistant("Hello.");
    private static final Message ODD = Message.user("Say {{ \"it's\" }} in 日本語\n{% if %}?");

    private static String render(String name, boolean prompt, Message... messages) {
        SideFiles files = new SideFiles().with("tokenizer_config.json", resource("templates/" + name + ".json"));
        String text = SpecialTokens.json(files, "tokenizer_config.json")
                .path("chat_template")
                .stringValue();
        ChatTemplate template =
                new ChatTemplate("test", text, SpecialTokens.of(files).text(), CLOCK);
        return template.render(List.of(messages), prompt);
    }

    private static String resource(String name) {
        try (InputStream in = ChatTemplateTest.class.getResourceAsStream(name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Test
    void llama2Chat() {
        assertEquals(
                "<s>[INST] <<SYS>>\nYou are terse.\n<</SYS>>\n\nHi! [/INST] Hello. </s>"
                        + "<s>[INST] Say {{ \"it's\" }} in 日本語\n{% if %}? [/INST]",
                render("llama-2-chat", true, SYSTEM, HI, HELLO, ODD));
        assertEquals("<s>[INST] Hi! [/INST] Hello. </s>", render("llama-2-chat", false, HI, HELLO));
    }

    @Test
    void llama3Instruct() {
        assertEquals(
                "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nYou are terse.<|eot_id|>"
                        + "<|start_header_id|>user<|end_header_id|>\n\nHi!<|eot_id|>"
                        + "<|start_header_id|>assistant<|end_header_id|>\n\nHello.<|eot_id|>"
                        + "<|start_header_id|>user<|end_header_id|>\n\nSay {{ \"it's\" }} in 日本語\n{% if %}?<|eot_id|>"
                        + "<|start_header_id|>assistant<|end_header_id|>\n\n",
                render("llama-3-instruct", true, SYSTEM, HI, HELLO, ODD));
        assertEquals(
                "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nHi!<|eot_id|>",
                render("llama-3-instruct", false, HI));
    }

    @Test
    void llama32Instruct() {
        String head = "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\n"
                + "Cutting Knowledge Date: December 2023\nToday Date: 09 Mar 2026\n\n";
        assertEquals(
                head + "You are terse.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nHi!<|eot_id|>"
                        + "<|start_header_id|>assistant<|end_header_id|>\n\n",
                render("llama-3.2-instruct", true, SYSTEM, HI));
        assertEquals(
                head + "<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nHi!<|eot_id|>"
                        + "<|start_header_id|>assistant<|end_header_id|>\n\nHello.<|eot_id|>",
                render("llama-3.2-instruct", false, HI, HELLO));
    }

    @Test
    void tinyLlama() {
        assertEquals(
                "<|system|>\nYou are terse.</s>\n<|user|>\nHi!</s>\n<|assistant|>\nHello.</s>\n"
                        + "<|user|>\nSay {{ \"it's\" }} in 日本語\n{% if %}?</s>\n<|assistant|>\n",
                render("tinyllama", true, SYSTEM, HI, HELLO, ODD));
        assertEquals("<|user|>\nHi!</s>\n", render("tinyllama", false, HI));
    }

    @Test
    void vicuna() {
        assertEquals(
                "<s>You are terse. USER: Hi! ASSISTANT: Hello.</s> USER: Say {{ \"it's\" }} in 日本語\n{% if %}? ASSISTANT:",
                render("vicuna", true, SYSTEM, HI, HELLO, ODD));
        assertEquals(
                "<s>A chat between a curious user and an artificial intelligence assistant. The assistant gives helpful, "
                        + "detailed, and polite answers to the user's questions. USER: Hi! ASSISTANT:",
                render("vicuna", true, HI));
    }

    @Test
    void mistralInstruct() {
        assertEquals(
                "<s>[INST] Hi! [/INST]Hello.</s>[INST] Say {{ \"it's\" }} in 日本語\n{% if %}? [/INST]",
                render("mistral-instruct", true, HI, HELLO, ODD));
        assertEquals(
                "<s>[INST] Hi![/INST] Hello.</s>[INST] You are terse.\n\nHi![/INST]",
                render("mistral-7b-v0.3", true, SYSTEM, HI, HELLO, HI));
    }

    @Test
    void chatMl() {
        assertEquals(
                "<|im_start|>system\nYou are terse.<|im_end|>\n<|im_start|>user\nHi!<|im_end|>\n"
                        + "<|im_start|>assistant\nHello.<|im_end|>\n<|im_start|>user\n"
                        + "Say {{ \"it's\" }} in 日本語\n{% if %}?<|im_end|>\n<|im_start|>assistant\n",
                render("chatml", true, SYSTEM, HI, HELLO, ODD));
        assertEquals(
                "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n"
                        + "<|im_start|>user\nHi!<|im_end|>\n<|im_start|>assistant\n",
                render("smollm2", true, HI));
    }

    @Test
    void aRefusalIsInTheTemplatesOwnWords() {
        for (String name : List.of("llama-2-chat", "vicuna", "mistral-instruct")) {
            IllegalArgumentException refusal =
                    assertThrows(IllegalArgumentException.class, () -> render(name, true, HI, HI));
            assertEquals(
                    "the model's chat template refuses: Conversation roles must alternate user/assistant/user/assistant/...",
                    refusal.getMessage());
        }
        IllegalArgumentException refusal =
                assertThrows(IllegalArgumentException.class, () -> render("mistral-instruct", true, SYSTEM, HI));
        assertTrue(refusal.getMessage().contains("alternate"), refusal.getMessage());
    }

    static Stream<JsonNode> constructs() {
        JsonNode cases = JsonMapper.shared().readTree(resource("jinja-cases.json"));
        return StreamSupport.stream(cases.spliterator(), false);
    }

    @ParameterizedTest
    @MethodSource("constructs")
    void constructsMeanWhatTheyMeanInJinja(JsonNode example) {
        ChatTemplate template = new ChatTemplate(
                "test", example.get("template").stringValue(), Map.of("bos_token", "<s>", "eos_token", "</s>"), CLOCK);
        List<Message> messages = List.of(
                Message.system(" Sys "),
                Message.user(" Hi there\n"),
                Message.assistant("Yes.\\n literal"),
                Message.user("it's \"q\" {{ x }} <b>&"));
        assertEquals(example.get("expected").stringValue(), template.render(messages, true));
    }

    @Test
    void failuresNameTheirPlace() {
        record Bad(String template, String expected) {}
        for (Bad bad : List.of(
                new Bad("ab\n {{ messages | nosuch }}", "line 2, column 2: the filter nosuch is not known"),
                new Bad("{{ 1 is nosuch }}", "line 1, column 1: the test nosuch is not known"),
                new Bad("{{ messages[::-1] }}", "line 1, column 1 ({{ messages[::-1] }})"),
                new Bad("{{ 'a' * 3 }}", "line 1, column 1"),
                new Bad("a{% if true %}\n\nx {{ 1 + }}{% endif %}", "line 3, column 3 ({{ 1 + }}"),
                new Bad("{{ nosuch('x') }}", "line 1, column 1 "),
                new Bad("x {{ 'abc'.nosuch() }}", "line 1, column 3 "),
                new Bad("{% if true %}x", "line 1, column 1"),
                new Bad("x{% for m in messages recursive %}{% endfor %}", "line 1, column 2"),
                new Bad("x\ny{% include 'z' %}", "line 2, column 2: the tag include is not known"),
                new Bad("x {{ 'y", "line 1, column 6: the string is not closed"),
                new Bad("x {{ y", "line 1, column 3: the tag is not closed with }}"),
                new Bad("x {# y", "line 1, column 3: the comment is not closed"),
                new Bad("{{ messages }}", "a list is printed"),
                new Bad("x{% endif %}", "line 1, column 2"),
                new Bad("x{% set %}", "line 1, column 2"),
                new Bad("{{ 'a' b }}", "line 1, column 1"))) {
            FormatException e = assertThrows(
                    FormatException.class,
                    () -> new ChatTemplate("test", bad.template(), Map.of(), CLOCK).render(List.of(HI), true),
                    bad.template());
            assertTrue(e.getMessage().contains(bad.expected()), bad + " gave " + e.getMessage());
        }
    }

    @Test
    void nestedLoopsEnd() {
        String loops = "{% for m in messages %}".repeat(12) + "x" + "{% endfor %}".repeat(12);
        FormatException e = assertThrows(
                FormatException.class,
                () -> new ChatTemplate("test", loops, Map.of(), CLOCK).render(List.of(HI, HI, HI), true));
        assertTrue(e.getMessage().contains("its loops take more than 10000 rounds"), e.getMessage());
    }

    @Test
    void aTemplateMayComeInThreeForms() {
        String file = "{{ messages[0].content }}";
        SideFiles plain = new SideFiles().with("tokenizer_config.json", "{\"chat_template\":\"A" + file + "\"}");
        assertEquals("AHi!", ChatTemplate.of(plain).orElseThrow().render(List.of(HI), true));
        SideFiles named = new SideFiles()
                .with(
                        "tokenizer_config.json",
                        "{\"chat_template\":[{\"name\":\"tool_use\",\"template\":\"T\"},{\"name\":\"default\",\"template\":\"B"
                                + file + "\"}]}");
        assertEquals("BHi!", ChatTemplate.of(named).orElseThrow().render(List.of(HI), true));
        assertEquals(
                "CHi!",
                ChatTemplate.of(named.with("chat_template.jinja", "C" + file))
                        .orElseThrow()
                        .render(List.of(HI), true));
        assertTrue(ChatTemplate.of(new SideFiles()).isEmpty());
        assertEquals(
                "<|begin_of_text|>Hi!",
                ChatTemplate.of(SideFiles.demo()).orElseThrow().render(List.of(HI), true));
    }
}
