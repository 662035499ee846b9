package dev.pbs2p.cli;

import dev.pbs2p.cli.bench.RandomModel;
import dev.pbs2p.cli.bench.Shape;
import dev.pbs2p.hub.UserCache;
import dev.pbs2p.tensor.PackedFormat;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// Random weights in the shape of a real model, to be timed in its place.
final class ShapeOptions {

    private static final int GROUP = 128;

    @Option(
            names = "--shape",
            paramLabel = "NAME",
            description = "Instead of MODEL: random weights in the shape of tinyllama-1.1b, llama-7b, llama-13b or"
                    + " llama3-8b. The file is made on first use, in the user's cache.")
    private @Nullable String shape;

    @Option(
            names = "--pattern",
            paramLabel = "N:M",
            defaultValue = "8:16",
            description = "With --shape: weights kept of every M (default: 8:16).")
    private String pattern = "8:16";

    @Option(
            names = "--segments",
            paramLabel = "S",
            defaultValue = "1",
            description = "With --shape: pairs of levels of a group (default: 1).")
    private int segments;

    @Option(names = "--symmetric", description = "With --shape: levels around 0.")
    private boolean symmetric;

    boolean given() {
        return shape != null;
    }

    /// The file of the shape that was asked for; made if it is not there yet.
    Path file() throws IOException {
        if (shape == null) {
            throw new IllegalArgumentException("give a MODEL, or the --shape of one");
        }
        NmPattern kept = NmPattern.parse(pattern);
        PackedFormat format = new PackedFormat(kept.n(), kept.m(), true, GROUP, segments, symmetric, false);
        return RandomModel.cached(
                Shape.named(shape), format, UserCache.directory().resolve("shapes"));
    }
}
