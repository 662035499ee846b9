package dev.pbs2p.eval;

import java.util.Arrays;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/// How a text becomes scored predictions: its ids, with BOS once at the very start, are cut into windows that do not
/// overlap and do not see each other; an incomplete last window is dropped.
///
/// @param window tokens of a window, at least 4
/// @param limit most windows to score, from the start of the text; `Integer.MAX_VALUE` for all
/// @param score which predictions of a window count
/// @param bos the begin-of-text id put before the text; empty for a tokenizer without one
public record Protocol(int window, int limit, Score score, OptionalInt bos) {

    /// Which predictions of a window count. The prediction at position p is that of token p + 1, so that the last
    /// position has none.
    public enum Score {
        /// Positions 0 to window - 2.
        ALL,
        /// Positions window / 2 to window - 2, each with half a window of context (as llama-perplexity scores).
        SECOND_HALF
    }

    public Protocol {
        if (window < 4) {
            throw new IllegalArgumentException("a window needs at least 4 tokens, not " + window);
        }
        if (limit < 1) {
            throw new IllegalArgumentException("the number of windows must be at least 1, not " + limit);
        }
    }

    /// First scored position of a window.
    int first() {
        return score == Score.ALL ? 0 : window / 2;
    }

    /// Scored predictions of a window.
    int predictions() {
        return window - 1 - first();
    }

    /// The ids of all windows, one after another.
    ///
    /// @param text ids of the text without BOS
    /// @throws IllegalArgumentException if they do not fill one window
    int[] windows(int[] text) {
        IntStream all = IntStream.concat(bos.stream(), Arrays.stream(text));
        int length = text.length + (bos.isPresent() ? 1 : 0);
        if (length < window) {
            throw new IllegalArgumentException("the text has " + length + " tokens, less than one window of " + window
                    + ": take a longer text or a shorter window");
        }
        long kept = Math.min((long) limit * window, length / window * (long) window);
        return all.limit(kept).toArray();
    }

    /// One line for people.
    String describe(int windows) {
        String which = score == Score.ALL
                ? "all " + predictions() + " predictions of each scored"
                : "the last " + predictions() + " predictions of each scored (positions from " + first() + " on)";
        String start = bos.isPresent() ? "BOS (id " + bos.getAsInt() + ") once before the text" : "no BOS";
        return windows + " windows of " + window + " tokens without overlap, " + which + ", " + start;
    }
}
