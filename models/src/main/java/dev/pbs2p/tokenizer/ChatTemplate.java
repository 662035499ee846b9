package dev.pbs2p.tokenizer;

import com.hubspot.jinjava.interpret.RenderResult;
import com.hubspot.jinjava.interpret.TemplateError;
import dev.pbs2p.format.FormatException;
import dev.pbs2p.tensor.Checkpoint;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/// Writes a conversation as the text that the model was trained on, by the Jinja template that comes with it.
public final class ChatTemplate {

    private final String source;
    private final TemplateSource template;
    private final Map<String, String> specialTokens;
    private final Clock clock;

    ChatTemplate(String source, String template, Map<String, String> specialTokens, Clock clock) {
        this.source = source;
        this.template = inSource(source, template);
        this.specialTokens = Map.copyOf(specialTokens);
        this.clock = clock;
    }

    /// The template of a checkpoint (`chat_template.jinja`, or `chat_template` in `tokenizer_config.json`, where the
    /// one named `default` counts if there are several); empty if it has none.
    ///
    /// @throws FormatException if there is one that cannot be read; the message says where
    public static Optional<ChatTemplate> of(Checkpoint checkpoint) {
        return text(checkpoint)
                .map(text -> new ChatTemplate(
                        checkpoint.source(),
                        text,
                        SpecialTokens.of(checkpoint).text(),
                        Clock.system(ZoneId.systemDefault())));
    }

    /// The text of a conversation, special tokens included (encode it without BOS).
    ///
    /// @param addGenerationPrompt whether the beginning of the model's next message follows
    /// @throws IllegalArgumentException if the template does not take such a conversation, in its own words
    /// @throws FormatException if the template cannot be rendered; the message says where and why
    public String render(List<Message> messages, boolean addGenerationPrompt) {
        Map<String, Object> variables = new HashMap<>(template.constants());
        variables.putAll(specialTokens);
        variables.put("messages", messages.stream().map(ChatTemplate::variable).toList());
        variables.put("add_generation_prompt", addGenerationPrompt);
        variables.put("strftime_now", true); // so that it is defined; the call finds the function
        variables.put(JinjaLoop.ROUNDS, new AtomicInteger());
        variables.put(JinjaDialect.NOW, ZonedDateTime.now(clock));
        try {
            JinjaDialect.check(template);
        } catch (FormatException e) {
            throw new FormatException(source + ": " + e.getMessage(), e);
        }
        RenderResult result = JinjaDialect.jinjava().renderForResult(template.rewritten(), variables);
        for (TemplateError error : result.getErrors()) {
            throw failure(error);
        }
        return result.getOutput();
    }

    private static Map<String, Object> variable(Message message) {
        Map<String, Object> fields = new LinkedHashMap<>(); // ordered, for templates that print it as JSON
        fields.put("role", message.role());
        fields.put("content", message.content());
        return fields;
    }

    private RuntimeException failure(TemplateError error) {
        String reason = String.valueOf(error.getMessage());
        for (Throwable cause = error.getException(); cause != null; cause = cause.getCause()) {
            if (cause instanceof JinjaDialect.Refusal) {
                return new IllegalArgumentException(
                        "the model's chat template refuses: " + cause.getMessage(), error.getException());
            }
            reason = cause instanceof IllegalArgumentException ? String.valueOf(cause.getMessage()) : reason;
        }
        return new FormatException(
                source + ": the chat template cannot be rendered at " + template.place(error.getLineno()) + ": "
                        + template.readable(reason).replaceAll("\\s+", " "),
                error.getException());
    }

    private static TemplateSource inSource(String source, String template) {
        try {
            return TemplateSource.of(template);
        } catch (FormatException e) {
            throw new FormatException(source + ": " + e.getMessage(), e);
        }
    }

    private static Optional<String> text(Checkpoint checkpoint) {
        Optional<byte[]> file = checkpoint.file("chat_template.jinja");
        if (file.isPresent()) {
            return Optional.of(new String(file.get(), StandardCharsets.UTF_8));
        }
        JsonNode node = SpecialTokens.json(checkpoint, "tokenizer_config.json").path("chat_template");
        return Optional.ofNullable(node.isArray() ? named(node) : node)
                .filter(JsonNode::isString)
                .map(JsonNode::stringValue);
    }

    private static @Nullable JsonNode named(JsonNode templates) {
        for (JsonNode entry : templates) {
            if (entry.path("name").asString("").equals("default")) {
                return entry.path("template");
            }
        }
        return templates.isEmpty() ? null : templates.get(0).path("template");
    }
}
