package dev.pbs2p.cli;

import dev.pbs2p.data.Texts;
import dev.pbs2p.eval.KlDivergence;
import dev.pbs2p.model.LanguageModel;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// Compares a compressed model with its original, both in this process.
@Command(name = "kl", description = "KL divergence and top-1 agreement of a model against its original.")
final class KlCommand implements Callable<Integer> {

    @Parameters(paramLabel = "MODEL", converter = ModelPath.class, description = ModelPath.DESCRIPTION)
    @SuppressWarnings("NullAway.Init")
    private Path path;

    @Option(
            names = "--against",
            paramLabel = "CHECKPOINT",
            required = true,
            converter = ModelPath.class,
            description = "The original: a checkpoint directory, a .gguf file, or ORG/NAME of a model that was pulled.")
    @SuppressWarnings("NullAway.Init")
    private Path original;

    @Mixin
    private final WindowOptions windows = new WindowOptions();

    @Mixin
    private final ModelOptions options = new ModelOptions();

    @Mixin
    private final Output output = new Output();

    @Override
    public Integer call() {
        try (LanguageModel model = options.open(path);
                LanguageModel reference = options.open(original)) {
            PrintWriter err = output.err();
            err.println(model.model().backend().description());
            Texts text = windows.text();
            report(measure(model, reference, text, err), text);
        }
        return 0;
    }

    private KlDivergence measure(LanguageModel model, LanguageModel reference, Texts text, PrintWriter err) {
        try (ProgressLine line = new ProgressLine(err)) {
            return KlDivergence.of(
                    reference.model(),
                    model.model(),
                    reference.tokenizer().encode(text.whole(), false),
                    windows.protocol(reference),
                    (done, total, estimate) ->
                            line.update("window", done, total, String.format(Locale.ROOT, "KL %.4f", estimate)));
        }
    }

    private void report(KlDivergence result, Texts text) {
        PrintWriter out = output.out();
        if (output.json()) {
            output.print(
                    "kl", result.divergence(),
                    "stderr", result.stderr(),
                    "top1_agreement", result.agreement(),
                    "tokens", result.tokens(),
                    "windows", result.windows(),
                    "window", result.window());
            return;
        }
        out.println(result.protocol() + "; text: " + text.description());
        out.printf(
                Locale.ROOT,
                "KL divergence %.4f ± %.4f nats, top-1 agreement %.2f %% (%d tokens)%n",
                result.divergence(),
                result.stderr(),
                100 * result.agreement(),
                result.tokens());
        out.flush();
    }
}
