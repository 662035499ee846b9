package dev.pbs2p.generate;

import java.util.Arrays;

/// The tokens of one text as it grows, and its clock.
final class Run {

    private final long start = System.nanoTime();
    private final int promptTokens;
    private final int reusedTokens;
    private long first;

    /// The first `size` are the text so far, prompt included.
    int[] tokens;

    int size;

    Run(int[] prompt, int reusedTokens) {
        this.tokens = Arrays.copyOf(prompt, prompt.length + 64);
        this.size = prompt.length;
        this.promptTokens = prompt.length;
        this.reusedTokens = reusedTokens;
    }

    /// @throws IllegalArgumentException if a prompt is empty, does not fit the context or has unknown ids
    static void check(int[] prompt, int vocabulary, int context) {
        if (prompt.length == 0) {
            throw new IllegalArgumentException("the prompt is empty: give at least one token");
        }
        if (prompt.length > context) {
            throw new IllegalArgumentException("the prompt has " + prompt.length
                    + " tokens, but the context holds only " + context + ": shorten it");
        }
        for (int id : prompt) {
            if (id < 0 || id >= vocabulary) {
                throw new IllegalArgumentException(
                        "the prompt has the token " + id + ", but the model knows only " + vocabulary);
            }
        }
    }

    int generated() {
        return size - promptTokens;
    }

    void add(int id) {
        if (generated() == 0) {
            first = System.nanoTime();
        }
        if (size == tokens.length) {
            tokens = Arrays.copyOf(tokens, 2 * size);
        }
        tokens[size++] = id;
    }

    Generation end(Generation.End end) {
        long now = System.nanoTime();
        long firstToken = generated() == 0 ? now : first;
        return new Generation(
                Arrays.stream(tokens, promptTokens, size).boxed().toList(),
                end,
                promptTokens,
                reusedTokens,
                (firstToken - start) / 1e6,
                (now - start) / 1e9);
    }
}
