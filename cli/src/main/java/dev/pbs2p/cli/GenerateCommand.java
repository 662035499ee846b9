package dev.pbs2p.cli;

import dev.pbs2p.generate.Generation;
import dev.pbs2p.model.Completion;
import dev.pbs2p.model.LanguageModel;
import dev.pbs2p.model.TextOptions;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// Continues a text.
@Command(name = "generate", description = "Continues a text.")
final class GenerateCommand implements Callable<Integer> {

    @Parameters(paramLabel = "MODEL", description = "A .pbs2p file or a checkpoint directory.")
    @SuppressWarnings("NullAway.Init")
    private Path path;

    @Option(
            names = {"-p", "--prompt"},
            paramLabel = "TEXT",
            required = true,
            description = "The text to continue.")
    private String prompt = "";

    @Option(names = "-n", paramLabel = "N", defaultValue = "128", description = "Most tokens to write (default: 128).")
    private int limit;

    @Mixin
    private final SamplingArguments sampling = new SamplingArguments();

    @Mixin
    private final ModelOptions options = new ModelOptions();

    @Option(names = "--json", description = "Print one JSON object at the end, not the text as it comes.")
    private boolean json;

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Override
    public Integer call() {
        if (limit < 0) {
            throw new IllegalArgumentException("-n needs a number of tokens, not " + limit);
        }
        try (LanguageModel model = options.open(path)) {
            PrintWriter out = spec.commandLine().getOut();
            Consumer<String> write = json
                    ? piece -> {}
                    : piece -> {
                        out.print(piece);
                        out.flush();
                    };
            Completion completion = model.generate(prompt, new TextOptions(limit, sampling.options()), write);
            report(completion, model.model().backend().description());
        }
        return 0;
    }

    private void report(Completion completion, String backend) {
        Generation generation = completion.generation();
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            Json.print(
                    out,
                    Json.object(
                            "text", completion.text(),
                            "prompt_tokens", generation.promptTokens(),
                            "generated_tokens", generation.tokens().size(),
                            "tokens_per_second", generation.tokensPerSecond(),
                            "first_token_ms", generation.firstTokenMillis()));
            return;
        }
        out.println();
        out.flush();
        PrintWriter err = spec.commandLine().getErr();
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
