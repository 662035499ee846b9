package dev.pbs2p.format;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class FormatExceptionTest {

    @Test
    void namesFromFilesNeitherBreakTheLineNorMoveTheCursor() {
        String name = "weight\r\n\0\u001b[2J";
        assertEquals(
                "its entry weight [2J is damaged",
                new FormatException("its entry " + name + " is damaged").getMessage());
        assertEquals("a b", new FormatException("a\nb", new RuntimeException()).getMessage());
    }
}
