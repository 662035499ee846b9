package dev.pbs2p.cli;

import dev.pbs2p.cli.chat.Session;
import dev.pbs2p.generate.Generation;
import dev.pbs2p.generate.Generator;
import dev.pbs2p.generate.SamplingOptions;
import dev.pbs2p.model.LanguageModel;
import dev.pbs2p.tokenizer.ChatTemplate;
import dev.pbs2p.tokenizer.Detokenizer;
import dev.pbs2p.tokenizer.Message;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A conversation with a model: by its chat template where it has one; else one running text, which the model
/// continues and the user adds to.
final class ModelSession implements Session {

    private static final String MAX_TOKENS = "max-tokens";
    private final LanguageModel open;
    private final Generator generator;
    private final Optional<ChatTemplate> template;
    private final List<Message> messages = new ArrayList<>();
    private SamplingOptions sampling;
    private int maxTokens;
    private @Nullable String system;

    ModelSession(LanguageModel open, SamplingOptions sampling) {
        this.open = open;
        this.sampling = sampling;
        this.template = ChatTemplate.of(open.checkpoint());
        this.generator = open.generator();
        this.maxTokens = Math.max(1, generator.context() / 4);
    }

    @Override
    public List<String> banner() {
        return List.of(
                open.checkpoint().source() + ", context " + generator.context() + " tokens; "
                        + open.model().backend().description(),
                template.isPresent()
                        ? "/help lists the commands."
                        : "This model has no chat template: it continues your text. /help lists the commands.");
    }

    @Override
    public Reply answer(String text, Consumer<String> onPiece, BooleanSupplier stop) {
        List<Message> before = List.copyOf(messages);
        messages.add(Message.user(text));
        StringBuilder said = new StringBuilder();
        try {
            int[] prompt = fittingPrompt();
            // A template begins the answer anew; without one it goes on in the middle of the text.
            Detokenizer pieces = template.isPresent()
                    ? open.tokenizer().detokenizer()
                    : open.tokenizer().detokenizer(prompt);
            Consumer<String> write = piece -> {
                said.append(piece);
                onPiece.accept(piece);
            };
            Generation generation = generator.generate(
                    prompt,
                    sampling,
                    open.tokenizer().eos(),
                    maxTokens,
                    token -> write.accept(pieces.add(token)),
                    stop);
            write.accept(pieces.finish());
            messages.add(Message.assistant(said.toString()));
            return reply(generation);
        } catch (RuntimeException e) {
            messages.clear();
            messages.addAll(before);
            throw e;
        }
    }

    private Reply reply(Generation generation) {
        int generated = generation.tokens().size();
        return new Reply(
                generation.readTokens(),
                generated,
                generation.firstTokenMillis(),
                generation.tokensPerSecond(),
                Math.min(generation.promptTokens() + generated, generator.context()),
                generator.context(),
                generation.end() == Generation.End.INTERRUPTED);
    }

    /// The prompt, with room for an answer; the oldest exchanges are forgotten until it fits.
    private int[] fittingPrompt() {
        int room = Math.min(maxTokens, generator.context() / 4);
        int[] prompt = prompt();
        while (prompt.length + room > generator.context() && messages.size() >= 3) {
            messages.subList(0, 2).clear();
            prompt = prompt();
        }
        return prompt;
    }

    private int[] prompt() {
        if (template.isPresent()) {
            return open.tokenizer().encode(template.get().render(messages(), true), false);
        }
        StringBuilder text = new StringBuilder();
        for (Message message : messages) {
            boolean added = message.role().equals("user") && !text.isEmpty();
            text.append(added ? "\n" : "").append(message.content());
        }
        return open.tokenizer().encode(text.toString(), true);
    }

    @Override
    public void reset() {
        messages.clear();
    }

    @Override
    public @Nullable String system() {
        return system;
    }

    @Override
    public void system(@Nullable String text) {
        if (text != null && template.isEmpty()) {
            throw new IllegalArgumentException("this model has no chat template, hence no system prompt");
        }
        system = text;
        reset();
    }

    @Override
    public Map<String, String> settings() {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("temperature", String.valueOf(sampling.temperature()));
        settings.put("top-k", String.valueOf(sampling.topK()));
        settings.put("top-p", String.valueOf(sampling.topP()));
        settings.put("min-p", String.valueOf(sampling.minP()));
        settings.put("repetition-penalty", String.valueOf(sampling.repetitionPenalty()));
        settings.put("seed", String.valueOf(sampling.seed()));
        settings.put(MAX_TOKENS, String.valueOf(maxTokens));
        return settings;
    }

    @Override
    public void set(String name, String value) {
        try {
            if (name.equals(MAX_TOKENS)) {
                maxTokens = Math.max(1, Integer.parseInt(value));
                return;
            }
            sampling = switch (name) {
                case "temperature" -> sampling.withTemperature(Float.parseFloat(value));
                case "top-k" -> sampling.withTopK(Integer.parseInt(value));
                case "top-p" -> sampling.withTopP(Float.parseFloat(value));
                case "min-p" -> sampling.withMinP(Float.parseFloat(value));
                case "repetition-penalty" -> sampling.withRepetitionPenalty(Float.parseFloat(value));
                case "seed" -> sampling.withSeed(Long.parseLong(value));
                default ->
                    throw new IllegalArgumentException("there is no setting " + name + ", but "
                            + String.join(", ", settings().keySet()));
            };
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(name + " needs a number, not " + value, e);
        }
    }

    @Override
    public List<Message> messages() {
        List<Message> all = new ArrayList<>();
        if (system != null) {
            all.add(Message.system(system));
        }
        all.addAll(messages);
        return all;
    }

    @Override
    public void restore(List<Message> saved) {
        boolean hasSystem = !saved.isEmpty() && saved.getFirst().role().equals("system");
        system(hasSystem ? saved.getFirst().content() : null);
        messages.addAll(hasSystem ? saved.subList(1, saved.size()) : saved);
    }
}
