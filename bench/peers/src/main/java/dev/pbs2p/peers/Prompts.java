package dev.pbs2p.peers;

import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.ToIntFunction;

/// Random texts of a wanted number of tokens, for engines that take nothing but text.
final class Prompts {

    private static final String LETTERS = " abcdefghijklmnopqrstuvwxyz";

    private final ToIntFunction<String> tokens;
    private final Map<Integer, String> texts = new HashMap<>();

    /// @param tokens how many the engine makes of a text
    Prompts(ToIntFunction<String> tokens) {
        this.tokens = tokens;
    }

    /// The same text for the same number.
    String of(int count) {
        return texts.computeIfAbsent(count, this::make);
    }

    private String make(int count) {
        SplittableRandom random = new SplittableRandom(1);
        StringBuilder text = new StringBuilder("a");
        while (tokens.applyAsInt(text.toString()) < count) {
            text.append(LETTERS.charAt(random.nextInt(LETTERS.length())));
        }
        return text.toString();
    }
}
