package dev.pbs2p.cli;

import dev.pbs2p.data.Texts;
import dev.pbs2p.eval.Perplexity;
import dev.pbs2p.model.LanguageModel;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/// Measures perplexity.
@Command(name = "ppl", description = "Perplexity of a text, over windows that do not overlap.")
final class PerplexityCommand implements Callable<Integer> {

    @Parameters(paramLabel = "MODEL", converter = ModelPath.class, description = ModelPath.DESCRIPTION)
    @SuppressWarnings("NullAway.Init")
    private Path path;

    @Mixin
    private final WindowOptions windows = new WindowOptions();

    @Mixin
    private final ModelOptions options = new ModelOptions();

    @Mixin
    private final Output output = new Output();

    @Override
    public Integer call() {
        try (LanguageModel open = options.open(path)) {
            PrintWriter err = output.err();
            err.println(open.model().backend().description());
            Texts text = windows.text();
            report(measure(open, text, err), text);
        }
        return 0;
    }

    private Perplexity measure(LanguageModel open, Texts text, PrintWriter err) {
        try (ProgressLine line = new ProgressLine(err)) {
            return Perplexity.of(
                    open.model(),
                    open.tokenizer().encode(text.whole(), false),
                    windows.protocol(open),
                    (done, total, estimate) -> line.update(
                            "window", done, total, String.format(Locale.ROOT, "perplexity %.3f", estimate)));
        }
    }

    private void report(Perplexity result, Texts text) {
        PrintWriter out = output.out();
        if (output.json()) {
            output.print(
                    "perplexity", result.perplexity(),
                    "stderr", result.stderr(),
                    "tokens", result.tokens(),
                    "windows", result.windows(),
                    "window", result.window());
            return;
        }
        out.println(result.protocol() + "; text: " + text.description());
        out.printf(
                Locale.ROOT,
                "perplexity %.3f ± %.3f (%d tokens)%n",
                result.perplexity(),
                result.stderr(),
                result.tokens());
        out.flush();
    }
}
