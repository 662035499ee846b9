package dev.pbs2p.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class DetokenizerTest {

    private static final List<String> TEXTS = List.of(
            "the cab",
            " the  cab ",
            "日本語 😀😀 naïve café\n\n— über",
            "👩‍👩‍👧‍👦 a",
            "a",
            "",
            "  ",
            "<s>",
            "don't DON'T we'll");

    /// Each character comes out once, whole, wherever the prompt ends.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void streamedTextIsTheDecodedText(boolean sentencePiece) {
        try (Tokenizer tokenizer = Tokenizer.of(sentencePiece ? SideFiles.sentencePiece() : SideFiles.demo())) {
            for (String text : TEXTS) {
                int[] ids = tokenizer.encode(text, true);
                String whole = tokenizer.decode(ids);
                for (int prompt = 0; prompt <= ids.length; prompt++) {
                    String before = tokenizer.decode(Arrays.copyOf(ids, prompt));
                    if (before.endsWith("\uFFFD")) {
                        continue; // no prompt ends inside a character
                    }
                    assertEquals(whole.substring(before.length()), stream(tokenizer, ids, prompt), text);
                }
            }
        }
    }

    /// Also when the tokens are noise, no piece ends inside a character that the next token completes.
    @Test
    void noiseLosesNothing() {
        try (Tokenizer tokenizer = Tokenizer.of(SideFiles.demo())) {
            SplittableRandom random = new SplittableRandom(7);
            for (int run = 0; run < 50; run++) {
                int[] ids = random.ints(40, 0, 4094).toArray();
                assertEquals(tokenizer.decode(ids), stream(tokenizer, ids, 0));
            }
        }
    }

    private static String stream(Tokenizer tokenizer, int[] ids, int prompt) {
        Detokenizer stream = tokenizer.detokenizer(Arrays.copyOf(ids, prompt));
        StringBuilder text = new StringBuilder();
        for (int i = prompt; i < ids.length; i++) {
            String piece = stream.add(ids[i]);
            assertFalse(piece.endsWith("\uFFFD"));
            text.append(piece);
        }
        return text.append(stream.finish()).toString();
    }
}
