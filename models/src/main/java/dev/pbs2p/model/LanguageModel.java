package dev.pbs2p.model;

import dev.pbs2p.generate.BatchGenerator;
import dev.pbs2p.generate.Generation;
import dev.pbs2p.generate.Generator;
import dev.pbs2p.generate.Model;
import dev.pbs2p.json.JsonTree;
import dev.pbs2p.kernel.Backend;
import dev.pbs2p.kernel.Backends;
import dev.pbs2p.tensor.Checkpoint;
import dev.pbs2p.tokenizer.ChatTemplate;
import dev.pbs2p.tokenizer.Detokenizer;
import dev.pbs2p.tokenizer.Message;
import dev.pbs2p.tokenizer.Tokenizer;
import dev.pbs2p.weights.Checkpoints;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// A model that writes text: all that most users of the library need. For one thread at a time; interrupting that
/// thread ends the text.
///
/// Opening may throw [dev.pbs2p.format.FormatException], with one sentence that says what is wrong with the model.
public final class LanguageModel implements AutoCloseable {

    private final Deque<AutoCloseable> resources = new ArrayDeque<>(); // last opened first
    private final Checkpoint checkpoint;
    private final Tokenizer tokenizer;
    private final Model model;
    private @Nullable Generator generator;
    private @Nullable ChatTemplate template;

    private LanguageModel(Checkpoint stored, Supplier<Backend> backends) {
        try {
            checkpoint = opened(stored);
            tokenizer = opened(Tokenizer.of(checkpoint));
            Backend backend = opened(backends.get()); // when the small files have been found good
            model = opened(Models.open(checkpoint, backend));
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    /// Has a second thread load what every model needs: a program that has something else to do first opens its model
    /// sooner.
    public static void getReady() {
        Thread.ofPlatform().daemon().start(() -> JsonTree.read("{}"));
    }

    /// Opens a `.pbs2p` file or a checkpoint directory on the best backend of this machine.
    public static LanguageModel open(Path path) {
        return open(Checkpoints.open(path), () -> Backends.open("auto", Backends.Settings.defaults()));
    }

    /// Opens a model on a backend of the caller's choice. Both close with the model, and also if it cannot be opened.
    public static LanguageModel open(Checkpoint checkpoint, Supplier<Backend> backend) {
        return new LanguageModel(checkpoint, backend);
    }

    /// Continues a text by at most `maxTokens` tokens, sampled as usual.
    public Completion generate(String prompt, int maxTokens, Consumer<String> onText) {
        return generate(prompt, TextOptions.DEFAULT.withMaxTokens(maxTokens), onText);
    }

    /// Continues a text.
    ///
    /// @param onText takes each piece as soon as it is known; never a part of a character
    /// @throws IllegalArgumentException if the prompt does not fit the context
    public Completion generate(String prompt, TextOptions options, Consumer<String> onText) {
        int[] ids = tokenizer.encode(prompt, true);
        return write(ids, tokenizer.detokenizer(ids), options, onText);
    }

    /// Continues several texts side by side, which is faster than one after another.
    ///
    /// @param options text i is sampled with the seed plus i
    /// @return the completions in the order of the prompts
    /// @throws IllegalArgumentException if there is no prompt or one does not fit the context
    public List<Completion> generateAll(List<String> prompts, TextOptions options) {
        List<int[]> ids =
                prompts.stream().map(prompt -> tokenizer.encode(prompt, true)).toList();
        List<Generation> generations = BatchGenerator.generate(
                model,
                ids,
                options.sampling(),
                tokenizer.eos(),
                options.maxTokens(),
                Thread.currentThread()::isInterrupted);
        return IntStream.range(0, generations.size())
                .mapToObj(i -> completion(ids.get(i), generations.get(i)))
                .toList();
    }

    private Completion completion(int[] prompt, Generation generation) {
        Detokenizer pieces = tokenizer.detokenizer(prompt);
        StringBuilder text = new StringBuilder();
        generation.tokens().forEach(token -> text.append(pieces.add(token)));
        return new Completion(text.append(pieces.finish()).toString(), generation);
    }

    /// Answers a conversation, by the model's own chat template. What a conversation shares with the one before is
    /// still cached and not read again.
    ///
    /// @param messages all of them, oldest first; the last is usually the user's
    /// @throws IllegalArgumentException if the model has no chat template or refuses the conversation, or the
    ///     conversation does not fit the context
    public Completion chat(List<Message> messages, TextOptions options, Consumer<String> onText) {
        int[] ids = tokenizer.encode(template().render(messages, true), false);
        return write(ids, tokenizer.detokenizer(), options, onText);
    }

    public Checkpoint checkpoint() {
        return checkpoint;
    }

    public Tokenizer tokenizer() {
        return tokenizer;
    }

    public Model model() {
        return model;
    }

    /// What writes this model's texts; closes with it. Once it is there, a small model's kernels are compiled in the
    /// background.
    public Generator generator() {
        if (generator == null) {
            generator = opened(new Generator(model));
            model.backend().warmUp().ifPresent(backend -> opened(new WarmUp(checkpoint, backend)));
        }
        return generator;
    }

    @Override
    public void close() {
        while (!resources.isEmpty()) {
            try {
                resources.pop().close();
            } catch (RuntimeException e) {
                throw e;
            } catch (Exception e) {
                throw new IllegalStateException(e); // none of them throws one
            }
        }
    }

    private Completion write(int[] prompt, Detokenizer pieces, TextOptions options, Consumer<String> onText) {
        StringBuilder text = new StringBuilder();
        Consumer<String> write = piece -> {
            if (!piece.isEmpty()) {
                text.append(piece);
                onText.accept(piece);
            }
        };
        Generation generation = generator()
                .generate(
                        prompt,
                        options.sampling(),
                        tokenizer.eos(),
                        options.maxTokens(),
                        token -> write.accept(pieces.add(token)),
                        Thread.currentThread()::isInterrupted);
        write.accept(pieces.finish());
        return new Completion(text.toString(), generation);
    }

    private ChatTemplate template() {
        if (template == null) {
            template = ChatTemplate.of(checkpoint)
                    .orElseThrow(() -> new IllegalArgumentException(checkpoint.source()
                            + " has no chat template: it continues texts, but does not hold conversations"));
        }
        return template;
    }

    private <T extends AutoCloseable> T opened(T resource) {
        resources.push(resource);
        return resource;
    }
}
