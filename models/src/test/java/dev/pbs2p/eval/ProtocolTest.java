package dev.pbs2p.eval;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pbs2p.eval.Protocol.Score;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class ProtocolTest {

    private static final int ALL = Integer.MAX_VALUE;
    private static final int[] TEXT = {10, 11, 12, 13, 14, 15, 16, 17};

    @Test
    void putsBosOnceBeforeTheTextAndDropsAnIncompleteWindow() {
        Protocol protocol = new Protocol(4, ALL, Score.ALL, OptionalInt.of(1));
        assertArrayEquals(new int[] {1, 10, 11, 12, 13, 14, 15, 16}, protocol.windows(TEXT));
    }

    @Test
    void takesTheTextAsItIsWithoutBos() {
        Protocol protocol = new Protocol(4, ALL, Score.ALL, OptionalInt.empty());
        assertArrayEquals(TEXT, protocol.windows(TEXT));
    }

    @Test
    void stopsAtTheLimit() {
        Protocol protocol = new Protocol(4, 1, Score.ALL, OptionalInt.empty());
        assertArrayEquals(new int[] {10, 11, 12, 13}, protocol.windows(TEXT));
    }

    @Test
    void countsThePredictionsOfAWindow() {
        assertEquals(511, new Protocol(512, ALL, Score.ALL, OptionalInt.empty()).predictions());
        assertEquals(255, new Protocol(512, ALL, Score.SECOND_HALF, OptionalInt.empty()).predictions());
        assertEquals(256, new Protocol(512, ALL, Score.SECOND_HALF, OptionalInt.empty()).first());
        assertEquals(2, new Protocol(5, ALL, Score.SECOND_HALF, OptionalInt.empty()).predictions());
        assertEquals(1, new Protocol(4, ALL, Score.SECOND_HALF, OptionalInt.empty()).predictions());
    }

    @Test
    void describesItselfInOneLine() {
        assertEquals(
                "794 windows of 512 tokens without overlap, all 511 predictions of each scored,"
                        + " BOS (id 4094) once before the text",
                new Protocol(512, ALL, Score.ALL, OptionalInt.of(4094)).describe(794));
        assertTrue(new Protocol(512, ALL, Score.SECOND_HALF, OptionalInt.empty())
                .describe(200)
                .contains("the last 255 predictions"));
    }

    @Test
    void rejectsTooShortTextsWindowsAndLimits() {
        Protocol protocol = new Protocol(10, ALL, Score.ALL, OptionalInt.of(1));
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> protocol.windows(TEXT));
        assertTrue(e.getMessage().contains("9 tokens, less than one window of 10"), e.getMessage());
        assertThrows(
                IllegalArgumentException.class, () -> new Protocol(3, ALL, Score.SECOND_HALF, OptionalInt.empty()));
        assertThrows(IllegalArgumentException.class, () -> new Protocol(8, 0, Score.ALL, OptionalInt.empty()));
    }
}
