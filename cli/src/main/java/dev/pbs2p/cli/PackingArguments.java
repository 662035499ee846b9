package dev.pbs2p.cli;

import dev.pbs2p.compress.CompressOptions;
import dev.pbs2p.tensor.PackedFormat;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// How weights are chosen and coded. What is not given follows from the preset.
final class PackingArguments {

    @Option(
            names = "--preset",
            paramLabel = "NAME",
            defaultValue = "paper",
            description = "paper (the published pipeline) or best (codes by descent) (default: paper).")
    private String preset = "paper";

    @Option(
            names = "--pattern",
            paramLabel = "N:M",
            description = "Weights kept of every M = 4, 8 or 16; N = M keeps all (default: 4:8; best: 8:16).")
    private @Nullable String pattern;

    @Option(
            names = "--group",
            paramLabel = "COLUMNS",
            defaultValue = "128",
            description = "Columns that share levels: 32 to 512 (default: 128).")
    private int group;

    @Option(
            names = "--segments",
            paramLabel = "S",
            description = "Pairs of levels of a group, 1 to 4 (default: 3; best: 1).")
    private @Nullable Integer segments;

    @Option(
            names = "--salient",
            negatable = true,
            description = "Binarise the most important columns twice, or not (default: yes; best: no).")
    private @Nullable Boolean salient;

    @Option(
            names = "--strided",
            negatable = true,
            description = "N:M groups of every 8th column, or of neighbours (default: neighbours; best: strided).")
    private @Nullable Boolean strided;

    @Option(names = "--symmetric", description = "Levels around 0: smaller, a little worse.")
    private boolean symmetric;

    @Option(
            names = "--tune",
            paramLabel = "WHAT",
            description = "none, or model: levels and norms follow the gradient of the whole model's predictions, which"
                    + " needs the model twice in memory (default: model for best, none for paper).")
    private @Nullable String tune;

    @Option(
            names = "--tune-epochs",
            paramLabel = "E",
            defaultValue = "2",
            description = "Passes of tuning over the calibration windows (default: 2).")
    private int tuneEpochs;

    CompressOptions options() {
        boolean paper = paper();
        NmPattern kept = NmPattern.parse(pattern == null ? (paper ? "4:8" : "8:16") : pattern);
        PackedFormat format = new PackedFormat(
                kept.n(),
                kept.m(),
                strided == null ? !paper : strided,
                group,
                segments == null ? (paper ? 3 : 1) : segments,
                symmetric,
                salient == null ? paper : salient);
        CompressOptions options = paper ? CompressOptions.paper(format) : CompressOptions.best(format);
        return options.withTuning(tunes() ? tuneEpochs : 0);
    }

    private boolean tunes() {
        return switch (tune == null ? (paper() ? "none" : "model") : tune) {
            case "none" -> false;
            case "model" -> true;
            default -> throw new IllegalArgumentException("--tune is none or model, not " + tune);
        };
    }

    private boolean paper() {
        return switch (preset) {
            case "paper" -> true;
            case "best" -> false;
            default -> throw new IllegalArgumentException("--preset is paper or best, not " + preset);
        };
    }
}
