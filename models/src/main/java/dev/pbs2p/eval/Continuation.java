package dev.pbs2p.eval;

import dev.pbs2p.tokenizer.Tokenizer;
import java.util.Arrays;
import java.util.Collections;

/// Tokens of a context and a continuation that is to be scored after it.
///
/// Of `ids`, the last `scored` are the continuation; at least one is before them.
final class Continuation {

    private final int[] ids;
    private final int scored;

    private Continuation(int[] ids, int scored) {
        this.ids = ids;
        this.scored = scored;
    }

    /// Tokens as lm-evaluation-harness cuts them. Spaces at the end of the context belong to the continuation,
    /// whose tokens are those by which the whole text has more than the context alone. What does not fit is cut
    /// off on the left.
    ///
    /// @param longest tokens that the model can read
    /// @throws IllegalArgumentException if the continuation has no tokens of its own, or more than `longest`
    static Continuation of(String context, String continuation, Tokenizer tokenizer, int longest) {
        int moved = PythonText.trailingSpaces(context);
        String before = context.substring(0, context.length() - moved);
        String after = context.substring(before.length()) + continuation;
        int[] start = before.isEmpty() ? beginning(tokenizer) : encode(before, tokenizer);
        int[] whole =
                before.isEmpty() ? join(start, tokenizer.encode(after, false)) : encode(before + after, tokenizer);
        int scored = whole.length - start.length;
        if (scored < 1 || scored > longest) {
            throw new IllegalArgumentException("the continuation \"" + continuation + "\" makes " + scored
                    + " tokens of its own; 1 to " + longest + " can be scored");
        }
        // The context's own tokens, also where the first of the continuation would have changed its last one.
        int[] ids = join(start, Arrays.copyOfRange(whole, start.length, whole.length));
        // One more than the model reads: the last token is only predicted.
        int from = Math.max(0, ids.length - longest - 1);
        return new Continuation(Arrays.copyOfRange(ids, from, ids.length), scored);
    }

    private static int[] encode(String text, Tokenizer tokenizer) {
        String bos = tokenizer.specialTokens().get("bos_token");
        return tokenizer.encode(text, bos == null || !text.startsWith(bos));
    }

    /// What stands for an empty context: the token that begins a text, or else the one that ends it.
    private static int[] beginning(Tokenizer tokenizer) {
        int id = tokenizer.bos().orElseGet(() -> Collections.min(tokenizer.eos()));
        return new int[] {id};
    }

    private static int[] join(int[] a, int[] b) {
        int[] both = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, both, a.length, b.length);
        return both;
    }

    /// Live; not to be changed.
    int[] ids() {
        return ids;
    }

    int scored() {
        return scored;
    }

    /// Tokens the model reads: all but the last.
    int inputs() {
        return ids.length - 1;
    }

    /// The first position whose prediction is scored.
    int first() {
        return ids.length - 1 - scored;
    }
}
