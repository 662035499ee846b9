package dev.pbs2p.generate;

/// How the next token is chosen from the logits: penalty, then temperature, then a draw among the tokens that lie
/// within all of top-k, top-p and min-p, each of which looks at the whole distribution.
///
/// @param repetitionPenalty logits of tokens seen before are divided by it (multiplied, if negative); 1 for none
/// @param temperature logits are divided by it; 0 always takes the most likely token (greedy)
/// @param topK only so many of the most likely tokens remain; 0 for all
/// @param topP only the most likely tokens that together have this probability remain; 1 for all
/// @param minP only tokens with at least this share of the most likely one's probability remain; 0 for all
/// @param seed the same seed, options, model and prompt give the same text on the same backend
public record SamplingOptions(float repetitionPenalty, float temperature, int topK, float topP, float minP, long seed) {

    /// Always the most likely token.
    public static final SamplingOptions GREEDY = new SamplingOptions(1, 0, 0, 1, 0, 0);

    /// A usual choice for chats and stories: temperature 0.8, top-k 40, top-p 0.95, min-p 0.05, seed 0.
    public static final SamplingOptions DEFAULT = new SamplingOptions(1, 0.8f, 40, 0.95f, 0.05f, 0);

    /// @throws IllegalArgumentException if a value is out of its range
    public SamplingOptions {
        check(
                repetitionPenalty > 0 && repetitionPenalty <= 10,
                "repetition penalty",
                "above 0, at most 10",
                repetitionPenalty);
        check(temperature >= 0 && temperature <= 100, "temperature", "0 to 100", temperature);
        check(topK >= 0, "top-k", "0 or more", topK);
        check(topP > 0 && topP <= 1, "top-p", "above 0, at most 1", topP);
        check(minP >= 0 && minP <= 1, "min-p", "0 to 1", minP);
    }

    public SamplingOptions withRepetitionPenalty(float value) {
        return new SamplingOptions(value, temperature, topK, topP, minP, seed);
    }

    public SamplingOptions withTemperature(float value) {
        return new SamplingOptions(repetitionPenalty, value, topK, topP, minP, seed);
    }

    public SamplingOptions withTopK(int value) {
        return new SamplingOptions(repetitionPenalty, temperature, value, topP, minP, seed);
    }

    public SamplingOptions withTopP(float value) {
        return new SamplingOptions(repetitionPenalty, temperature, topK, value, minP, seed);
    }

    public SamplingOptions withMinP(float value) {
        return new SamplingOptions(repetitionPenalty, temperature, topK, topP, value, seed);
    }

    public SamplingOptions withSeed(long value) {
        return new SamplingOptions(repetitionPenalty, temperature, topK, topP, minP, value);
    }

    private static void check(boolean ok, String name, String range, Number value) {
        if (!ok) {
            throw new IllegalArgumentException("the " + name + " must be " + range + ", not " + value);
        }
    }
}
