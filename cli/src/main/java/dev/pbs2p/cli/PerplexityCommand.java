package dev.pbs2p.cli;

import dev.pbs2p.eval.Perplexity;
import dev.pbs2p.model.LanguageModel;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// Measures perplexity.
@Command(name = "ppl", description = "Perplexity of a text, over windows that do not overlap.")
final class PerplexityCommand implements Callable<Integer> {

    @Parameters(paramLabel = "MODEL", description = "A .pbs2p file or a checkpoint directory.")
    @SuppressWarnings("NullAway.Init")
    private Path path;

    @Mixin
    private final WindowOptions windows = new WindowOptions();

    @Mixin
    private final ModelOptions options = new ModelOptions();

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Override
    public Integer call() {
        try (LanguageModel open = options.open(path)) {
            PrintWriter err = spec.commandLine().getErr();
            err.println(open.model().backend().description());
            report(measure(open, err));
        }
        return 0;
    }

    private Perplexity measure(LanguageModel open, PrintWriter err) {
        try (ProgressLine line = new ProgressLine(err)) {
            return Perplexity.of(
                    open.model(),
                    windows.tokens(open.tokenizer()),
                    windows.protocol(open),
                    (done, total, estimate) -> line.update(
                            "window", done, total, String.format(Locale.ROOT, "perplexity %.3f", estimate)));
        }
    }

    private void report(Perplexity result) {
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            Json.print(
                    out,
                    Json.object(
                            "perplexity", result.perplexity(),
                            "stderr", result.stderr(),
                            "tokens", result.tokens(),
                            "windows", result.windows(),
                            "window", result.window()));
            return;
        }
        out.println(result.protocol());
        out.printf(
                Locale.ROOT,
                "perplexity %.3f ± %.3f (%d tokens)%n",
                result.perplexity(),
                result.stderr(),
                result.tokens());
        out.flush();
    }
}
