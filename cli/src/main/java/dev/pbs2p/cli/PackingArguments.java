package dev.pbs2p.cli;

import dev.pbs2p.compress.CompressOptions;
import dev.pbs2p.compress.TuningPlan;
import dev.pbs2p.tensor.PackedFormat;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// How weights are chosen and coded. What is not given follows from the preset.
final class PackingArguments {

    private static final double LEAST_BITS = 1.4;
    private static final double MOST_BITS = 3.4;
    private static final int GROUP = 128;

    @Option(
            names = "--preset",
            paramLabel = "NAME",
            defaultValue = "best",
            description = "best (codes and levels fitted to the model's output) or paper (the published pipeline)"
                    + " (default: best).")
    private String preset = "best";

    @Option(
            names = "--bits",
            paramLabel = "B",
            description = "Real bits a weight, 1.4 to 3.4: every linear gets the format that serves it best within this"
                    + " budget, by measured sensitivity (preset best).")
    private @Nullable Double bits;

    @Option(
            names = "--pattern",
            paramLabel = "N:M",
            description = "Weights kept of every M = 4, 8 or 16; N = M keeps all (default: 8:16; paper: 4:8).")
    private @Nullable String pattern;

    @Option(
            names = "--group",
            paramLabel = "COLUMNS",
            description = "Columns that share levels: 32 to 512 (default: 128).")
    private @Nullable Integer group;

    @Option(
            names = "--segments",
            paramLabel = "S",
            description = "Pairs of levels of a group, 1 to 4 (default: 1; paper: 3).")
    private @Nullable Integer segments;

    @Option(
            names = "--salient",
            negatable = true,
            description = "Binarise the most important columns twice, or not (default: no; paper: yes).")
    private @Nullable Boolean salient;

    @Option(
            names = "--strided",
            negatable = true,
            description = "N:M groups of every 8th column, or of neighbours (default: strided; paper: neighbours).")
    private @Nullable Boolean strided;

    @Option(names = "--symmetric", description = "Levels around 0: smaller, a little worse.")
    private boolean symmetric;

    @Option(
            names = "--tune",
            paramLabel = "WHAT",
            description = "none; block: levels, codes and norms of each block follow the gradient of its output, one"
                    + " block in memory; model: then those of all blocks follow the gradient of the predictions, which"
                    + " needs 30 bytes of memory a weight (default: none for paper; else model where that fits, or"
                    + " block).")
    private @Nullable String tune;

    @Option(
            names = "--block-epochs",
            paramLabel = "E",
            description = "Passes over the calibration windows for each block (default: 1).")
    private @Nullable Integer blockEpochs;

    @Option(
            names = "--model-epochs",
            paramLabel = "E",
            description = "Passes over the calibration windows for the whole model (default: 2).")
    private @Nullable Integer modelEpochs;

    @Option(
            names = "--head",
            paramLabel = "BITS",
            description = "Bits of embeddings and head: 8 or 16 (default: 8; paper: 16).")
    private @Nullable Integer head;

    CompressOptions options() {
        CompressOptions options = bits == null ? oneFormat() : budget(bits);
        if (head == null) {
            return options;
        }
        if (head != 8 && head != 16) {
            throw new IllegalArgumentException("--head takes 8 or 16 bits, not " + head);
        }
        return options.withByteTables(head == 8);
    }

    private CompressOptions oneFormat() {
        boolean paper = paper();
        NmPattern kept = NmPattern.parse(pattern == null ? (paper ? "4:8" : "8:16") : pattern);
        PackedFormat format = new PackedFormat(
                kept.n(),
                kept.m(),
                strided == null ? !paper : strided,
                or(group, GROUP),
                segments == null ? (paper ? 3 : 1) : segments,
                symmetric,
                salient == null ? paper : salient);
        CompressOptions options = paper ? CompressOptions.paper(format) : CompressOptions.best(format);
        return options.withTuning(tuning());
    }

    private CompressOptions budget(double bits) {
        if (paper() || pattern != null || segments != null || group != null || salient != null || symmetric) {
            throw new IllegalArgumentException("--bits chooses the formats itself, with preset best: leave out"
                    + " --pattern, --segments, --group, --symmetric and --salient");
        }
        if (!(bits >= LEAST_BITS && bits <= MOST_BITS)) {
            throw new IllegalArgumentException(
                    "--bits takes " + LEAST_BITS + " to " + MOST_BITS + " real bits a weight, not " + bits);
        }
        return CompressOptions.best(new PackedFormat(8, 16, true, GROUP, 1, false, false))
                .withTuning(tuning())
                .withBits(bits);
    }

    private @Nullable TuningPlan tuning() {
        String what = tune == null && paper() ? "none" : tune;
        if (what == null && blockEpochs == null && modelEpochs == null) {
            return null;
        }
        return switch (what == null ? "model" : what) {
            case "none" -> TuningPlan.NONE;
            case "block" -> new TuningPlan(or(blockEpochs, TuningPlan.BLOCK.blockEpochs()), 0);
            case "model" ->
                new TuningPlan(
                        or(blockEpochs, TuningPlan.MODEL.blockEpochs()),
                        or(modelEpochs, TuningPlan.MODEL.modelEpochs()));
            default -> throw new IllegalArgumentException("--tune is none, block or model, not " + tune);
        };
    }

    private static int or(@Nullable Integer given, int usual) {
        return given == null ? usual : given;
    }

    private boolean paper() {
        return switch (preset) {
            case "paper" -> true;
            case "best" -> false;
            default -> throw new IllegalArgumentException("--preset is paper or best, not " + preset);
        };
    }
}
