package dev.pbs2p.cli;

import dev.pbs2p.compress.Calibration;
import dev.pbs2p.compress.CompressOptions;
import dev.pbs2p.compress.CompressReport;
import dev.pbs2p.eval.Perplexity;
import dev.pbs2p.eval.Protocol;
import dev.pbs2p.generate.SamplingOptions;
import dev.pbs2p.model.LanguageModel;
import dev.pbs2p.tensor.Checkpoint;
import dev.pbs2p.tokenizer.Tokenizer;
import dev.pbs2p.weights.Checkpoints;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// The whole path on the bundled model: compress, measure, chat.
@Command(
        name = "demo",
        description = "Compresses the bundled model, shows what that costs in size and quality, and opens the chat.")
final class DemoCommand implements Callable<Integer> {

    /// As many as keep the demo under two minutes on two cores.
    private static final int WINDOWS = 32;
    private static final int WINDOW = 512;
    private static final int SAMPLE_TOKENS = 40;
    private static final List<String> PROMPTS = List.of(
            "Once upon a time there was a little girl who",
            "The old king called his three sons to him and said,",
            "The city lies on the left bank of the river, and");

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FILE",
            defaultValue = "demo.pbs2p",
            description = "The packed file to write (default: demo.pbs2p).")
    @SuppressWarnings("NullAway.Init")
    private Path output;

    @Mixin
    private final PackingArguments packing = new PackingArguments();

    @Mixin
    private final ModelOptions options = new ModelOptions();

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        Path source = Installation.demoModel();
        PrintWriter out = spec.commandLine().getOut();
        out.println("1. compressing " + source);
        CompressReport made = compress(source);
        long before = weightBytes(source);
        out.printf(
                Locale.ROOT,
                "   %s: %s, from %s%n   linear weights: %.3f nominal bits (eq. 11), %.3f real bits,"
                        + " everything counted, from 16%n",
                output,
                Units.bytes(made.bytes()),
                Units.bytes(before),
                made.nominalBits(),
                made.realBits());
        out.println("2. measuring both on " + Math.round(text().length() / 1000.0) + " KB of text");
        Perplexity original = perplexity(source);
        Perplexity packed = perplexity(output);
        out.printf(
                Locale.ROOT,
                "   perplexity %.2f ± %.2f before, %.2f ± %.2f after%n",
                original.perplexity(),
                original.stderr(),
                packed.perplexity(),
                packed.stderr());
        out.println("   fitted to " + WINDOWS
                + " short windows that the model wrote itself; docs/quality.md shows what real"
                + " text and more of it give");
        out.println("3. running " + output);
        out.flush();
        talk();
        return 0;
    }

    private CompressReport compress(Path source) throws IOException {
        CompressOptions choice =
                packing.options().withCalibration(WINDOWS, WINDOW, 0).withThreads(options.threads());
        try (Checkpoint checkpoint = Checkpoints.open(source);
                Tokenizer tokenizer = Tokenizer.of(checkpoint)) {
            Calibration own = new Calibration.Sampled(tokenizer.bos(), tokenizer.eos());
            return new Compression(spec.commandLine().getErr()).run(checkpoint, choice, own, output);
        }
    }

    private static long weightBytes(Path source) throws IOException {
        return Files.size(source.resolve("model.safetensors"));
    }

    private Perplexity perplexity(Path model) throws IOException {
        try (LanguageModel open = options.open(model);
                ProgressLine line = new ProgressLine(spec.commandLine().getErr())) {
            Protocol protocol = new Protocol(
                    WINDOW,
                    Integer.MAX_VALUE,
                    Protocol.Score.ALL,
                    open.tokenizer().bos());
            return Perplexity.of(
                    open.model(),
                    open.tokenizer().encode(text(), false),
                    protocol,
                    (done, total, estimate) -> line.update("window", done, total, ""));
        }
    }

    private void talk() throws IOException {
        try (LanguageModel open = options.open(output)) {
            ModelSession session = new ModelSession(open, SamplingOptions.DEFAULT);
            if (Terminals.interactive()) {
                ChatCommand.chat(session, output, spec.commandLine());
            } else {
                session.set("max-tokens", String.valueOf(SAMPLE_TOKENS));
                PROMPTS.forEach(prompt -> complete(session, prompt));
            }
        }
        spec.commandLine().getOut().println("Again: pbs2p chat " + output);
    }

    private void complete(ModelSession session, String prompt) {
        PrintWriter out = spec.commandLine().getOut();
        session.reset();
        out.print("   " + prompt);
        session.answer(prompt, out::print, () -> false);
        out.println();
        out.flush();
    }

    /// Evaluation text written for this purpose: no model was trained on it.
    private static String text() throws IOException {
        try (InputStream in = Objects.requireNonNull(DemoCommand.class.getResourceAsStream("demo.txt"))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
