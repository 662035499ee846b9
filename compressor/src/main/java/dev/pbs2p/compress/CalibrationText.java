package dev.pbs2p.compress;

import dev.pbs2p.data.Texts;
import dev.pbs2p.tokenizer.Tokenizer;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/// Calibration windows cut from the documents of a text.
public final class CalibrationText implements Calibration {

    /// Characters of a text that is read for this: more than enough for any number of windows, and a size that
    /// tokenizers still take in one piece.
    public static final int MAX_CHARS = 1 << 25;

    private final String source;
    private final List<int[]> documents;

    /// @param source what the text is, for people
    /// @param ids its tokens
    public CalibrationText(String source, int[] ids) {
        this(source, List.of(ids.clone()));
    }

    private CalibrationText(String source, List<int[]> documents) {
        this.source = source;
        this.documents = documents;
    }

    /// The documents of a text, each begun as the tokenizer begins a text.
    public static CalibrationText of(Texts texts, Tokenizer tokenizer) {
        List<int[]> documents = texts.documents().stream()
                .map(document -> tokenizer.encode(document, true))
                .toList();
        return new CalibrationText(texts.description(), documents);
    }

    /// What it is, with the SHA-256 of the ids as little-endian 32-bit integers.
    String describe() {
        int[] ids = documents.stream().flatMapToInt(Arrays::stream).toArray();
        return source + ", ids sha256 " + Digests.ints(ids);
    }

    /// Windows that start at random places of random documents (`SplittableRandom(seed)`) that are long enough; they
    /// may overlap.
    ///
    /// @return window after window
    /// @throws IllegalArgumentException if no document is as long as one window
    int[] windows(int count, int window, long seed) {
        List<int[]> enough =
                documents.stream().filter(ids -> ids.length >= window).toList();
        if (enough.isEmpty()) {
            int longest = documents.stream().mapToInt(ids -> ids.length).max().orElse(0);
            throw new IllegalArgumentException("the calibration text " + source + " has "
                    + (documents.size() == 1 ? "" : "documents of at most ") + longest
                    + " tokens, less than one window of " + window + ": take a longer text or shorter windows");
        }
        SplittableRandom random = new SplittableRandom(seed);
        int[] windows = new int[Math.multiplyExact(count, window)];
        for (int w = 0; w < count; w++) {
            int[] ids = enough.get(enough.size() == 1 ? 0 : random.nextInt(enough.size()));
            System.arraycopy(ids, random.nextInt(ids.length - window + 1), windows, w * window, window);
        }
        return windows;
    }
}
