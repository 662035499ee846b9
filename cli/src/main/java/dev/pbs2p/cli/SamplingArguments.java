package dev.pbs2p.cli;

import dev.pbs2p.generate.SamplingOptions;
import picocli.CommandLine.Option;

/// How the next token is chosen.
final class SamplingArguments {

    @Option(names = "--temperature", paramLabel = "T", description = "0 takes the likeliest token (default: 0.8).")
    private float temperature = SamplingOptions.DEFAULT.temperature();

    @Option(names = "--top-k", paramLabel = "K", description = "Among the K likeliest tokens; 0 for all (default: 40).")
    private int topK = SamplingOptions.DEFAULT.topK();

    @Option(names = "--top-p", paramLabel = "P", description = "Among the likeliest of total probability P (0.95).")
    private float topP = SamplingOptions.DEFAULT.topP();

    @Option(names = "--min-p", paramLabel = "P", description = "At least P times as likely as the likeliest (0.05).")
    private float minP = SamplingOptions.DEFAULT.minP();

    @Option(names = "--repetition-penalty", paramLabel = "X", description = "Above 1: against repetition (1).")
    private float repetitionPenalty = SamplingOptions.DEFAULT.repetitionPenalty();

    @Option(names = "--seed", paramLabel = "S", description = "The same seed gives the same text (default: 0).")
    private long seed;

    SamplingOptions options() {
        return new SamplingOptions(repetitionPenalty, temperature, topK, topP, minP, seed);
    }
}
