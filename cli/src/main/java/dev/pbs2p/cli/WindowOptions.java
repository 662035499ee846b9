package dev.pbs2p.cli;

import dev.pbs2p.data.Texts;
import dev.pbs2p.eval.Protocol;
import dev.pbs2p.eval.Protocol.Score;
import dev.pbs2p.model.LanguageModel;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/// The text of a measurement and how it is cut into windows.
final class WindowOptions {

    @Option(names = "--text", paramLabel = "FILE", required = true, description = TextInput.DESCRIPTION)
    @SuppressWarnings("NullAway.Init")
    private Path text;

    @Option(
            names = "--window",
            paramLabel = "N",
            description = "Tokens of a window (default: 2048, or the model's context if that is shorter).")
    private int window;

    @Option(names = "--limit", paramLabel = "N", description = "Score only the first N windows.")
    private int limit = Integer.MAX_VALUE;

    @Option(
            names = "--score",
            paramLabel = "WHICH",
            defaultValue = "all",
            description = "Score all predictions of a window, or its second-half (default: all).")
    private String score = "all";

    /// The text, read anew each time.
    Texts text() {
        return TextInput.read(text, Integer.MAX_VALUE);
    }

    Protocol protocol(LanguageModel open) {
        int length = window == 0 ? Math.min(2048, open.model().context()) : window;
        return new Protocol(length, limit, score(), open.tokenizer().bos());
    }

    private Score score() {
        return switch (score) {
            case "all" -> Score.ALL;
            case "second-half" -> Score.SECOND_HALF;
            default -> throw new IllegalArgumentException("--score is all or second-half, not " + score);
        };
    }
}
