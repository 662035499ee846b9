package dev.pbs2p.cli;

import dev.pbs2p.generate.Generation;
import dev.pbs2p.model.Completion;
import dev.pbs2p.model.LanguageModel;
import dev.pbs2p.model.TextOptions;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// Continues a text.
@Command(name = "generate", description = "Continues a text.")
final class GenerateCommand implements Callable<Integer> {

    @Parameters(paramLabel = "MODEL", converter = ModelPath.class, description = ModelPath.DESCRIPTION)
    @SuppressWarnings("NullAway.Init")
    private Path path;

    @Option(
            names = {"-p", "--prompt"},
            paramLabel = "TEXT",
            description = "The text to continue.")
    private @Nullable String prompt;

    @Option(
            names = "--batch",
            paramLabel = "FILE|N",
            description = "Continue the texts in the lines of a file, or the prompt N times with seeds that follow each"
                    + " other, all at once: one pass over the weights serves them all.")
    private @Nullable String batch;

    @Option(names = "-n", paramLabel = "N", defaultValue = "128", description = "Most tokens to write (default: 128).")
    private int limit;

    @Mixin
    private final SamplingArguments sampling = new SamplingArguments();

    @Mixin
    private final ModelOptions options = new ModelOptions();

    @Mixin
    private final Output output = new Output();

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Override
    public Integer call() {
        if (limit < 0) {
            throw new IllegalArgumentException("-n needs a number of tokens, not " + limit);
        }
        if (prompt == null && batch == null) {
            throw new ParameterException(spec.commandLine(), "give a prompt by -p, or several by --batch");
        }
        List<String> prompts = batch == null ? List.of() : prompts(batch);
        try (LanguageModel model = options.open(path)) {
            if (batch != null) {
                TextOptions choice = new TextOptions(limit, sampling.options());
                reportBatch(prompts, model.generateAll(prompts, choice));
                return 0;
            }
            PrintWriter out = output.out();
            Consumer<String> write = output.json()
                    ? piece -> {}
                    : piece -> {
                        out.print(piece);
                        out.flush();
                    };
            Completion completion =
                    model.generate(Objects.requireNonNull(prompt), new TextOptions(limit, sampling.options()), write);
            report(completion, model.model().backend().description());
        }
        return 0;
    }

    private List<String> prompts(String batch) {
        if (batch.matches("\\d{1,4}")) {
            if (prompt == null) {
                throw new ParameterException(
                        spec.commandLine(), "--batch " + batch + " repeats a prompt: give one by -p");
            }
            return Collections.nCopies(Integer.parseInt(batch), prompt);
        }
        try {
            return Files.readAllLines(Path.of(batch));
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException(batch + " is not a text in UTF-8", e);
        } catch (IOException e) {
            throw new IllegalArgumentException("cannot read the prompts in " + batch, e);
        }
    }

    private void reportBatch(List<String> prompts, List<Completion> completions) {
        PrintWriter out = output.out();
        int tokens = completions.stream()
                .mapToInt(one -> one.generation().tokens().size())
                .sum();
        double seconds = completions.stream()
                .mapToDouble(one -> one.generation().seconds())
                .max()
                .orElse(0);
        if (output.json()) {
            output.print(
                    "texts",
                    completions.stream().map(Completion::text).toList(),
                    "generated_tokens",
                    tokens,
                    "tokens_per_second",
                    tokens / seconds);
            return;
        }
        for (int i = 0; i < completions.size(); i++) {
            out.printf(
                    Locale.ROOT,
                    "--- %d: %s%n%s%n",
                    i + 1,
                    prompts.get(i),
                    completions.get(i).text());
        }
        out.flush();
        PrintWriter err = output.err();
        err.printf(
                Locale.ROOT,
                "[%d texts, %d tokens, %.1f/s, prompts included]%n",
                prompts.size(),
                tokens,
                tokens / seconds);
        err.flush();
    }

    private void report(Completion completion, String backend) {
        Generation generation = completion.generation();
        PrintWriter out = output.out();
        if (output.json()) {
            output.print(
                    "text", completion.text(),
                    "prompt_tokens", generation.promptTokens(),
                    "generated_tokens", generation.tokens().size(),
                    "tokens_per_second", generation.tokensPerSecond(),
                    "first_token_ms", generation.firstTokenMillis());
            return;
        }
        out.println();
        out.flush();
        PrintWriter err = output.err();
        err.printf(
                Locale.ROOT,
                "[%d tokens, %.1f/s; first after %.0f ms, %d read; %s]%n",
                generation.tokens().size(),
                generation.tokensPerSecond(),
                generation.firstTokenMillis(),
                generation.promptTokens(),
                backend);
        err.flush();
    }
}
