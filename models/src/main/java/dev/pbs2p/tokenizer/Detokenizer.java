package dev.pbs2p.tokenizer;

import java.util.Arrays;

/// Decodes a stream of tokens into text that never ends inside a character.
///
/// A character may be spread over tokens (bytes of UTF-8), and a token's text depends on its neighbours (the first
/// word of a SentencePiece text loses its space). So each token is decoded together with a few before it, and only
/// what comes on top of their text is given out.
public final class Detokenizer {

    private static final String REPLACEMENT = "\uFFFD";

    private final Tokenizer tokenizer;
    private int[] ids;
    private int size;
    private int start; // ids[start..shown) is the context of what comes next, already given out
    private int shown;
    private String context;

    Detokenizer(Tokenizer tokenizer, int[] context) {
        this.tokenizer = tokenizer;
        this.ids = context.clone();
        this.size = context.length;
        this.shown = size;
        this.start = size;
        this.context = "";
        // The shortest tail that shows something and does not begin inside a character.
        while (start > 0 && (this.context.isEmpty() || this.context.startsWith(REPLACEMENT))) {
            start--;
            this.context = tokenizer.decode(ids, start, size);
        }
    }

    /// Takes the next token and returns the text that it completes, which may be empty.
    public String add(int id) {
        if (size == ids.length) {
            ids = Arrays.copyOf(ids, Math.max(64, 2 * size));
        }
        ids[size++] = id;
        String text = tokenizer.decode(ids, start, size);
        if (text.length() <= context.length() || text.endsWith(REPLACEMENT)) {
            return "";
        }
        String out = text.substring(context.length());
        start = shown;
        shown = size;
        context = tokenizer.decode(ids, start, size);
        return out;
    }

    /// What is left at the end of the stream: a character that never became whole, as U+FFFD.
    public String finish() {
        String text = tokenizer.decode(ids, start, size);
        String out = text.length() > context.length() ? text.substring(context.length()) : "";
        start = size;
        shown = size;
        context = "";
        return out;
    }
}
