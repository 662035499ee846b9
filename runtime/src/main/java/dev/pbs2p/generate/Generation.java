package dev.pbs2p.generate;

import java.util.List;

/// What a call of [Generator#generate] did.
///
/// @param tokens the generated tokens, without the stop token
/// @param end why it ended
/// @param promptTokens tokens of the prompt
/// @param reusedTokens how many of them were still cached
/// @param firstTokenMillis from the call to the first token; to the end, if there was none
/// @param seconds of the whole call
public record Generation(
        List<Integer> tokens, End end, int promptTokens, int reusedTokens, double firstTokenMillis, double seconds) {

    public Generation {
        tokens = List.copyOf(tokens);
    }

    /// Why a text ended.
    public enum End {
        /// The model ended it.
        STOP_TOKEN,
        /// It has as many tokens as asked for.
        LIMIT,
        /// The context is full.
        CONTEXT,
        /// The caller stopped it.
        INTERRUPTED
    }

    /// Tokens read for this call.
    public int readTokens() {
        return promptTokens - reusedTokens;
    }

    /// Speed of the tokens after the first; 0 if there are fewer than two.
    public double tokensPerSecond() {
        double rest = seconds - firstTokenMillis / 1000;
        return tokens.size() < 2 || rest <= 0 ? 0 : (tokens.size() - 1) / rest;
    }
}
