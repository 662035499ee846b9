package dev.pbs2p.model;

import dev.pbs2p.generate.SamplingOptions;

/// How a text is written.
///
/// @param maxTokens most tokens to write; negative for as many as fit
/// @param sampling how each is chosen
public record TextOptions(int maxTokens, SamplingOptions sampling) {

    /// At most 256 tokens, sampled as usual.
    public static final TextOptions DEFAULT = new TextOptions(256, SamplingOptions.DEFAULT);

    public TextOptions withMaxTokens(int value) {
        return new TextOptions(value, sampling);
    }

    public TextOptions withSampling(SamplingOptions value) {
        return new TextOptions(maxTokens, value);
    }
}
