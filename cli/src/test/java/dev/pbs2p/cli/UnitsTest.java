package dev.pbs2p.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class UnitsTest {

    @Test
    void writesTimesInWords() {
        assertEquals("59 s", Units.time(Duration.ofSeconds(59)));
        assertEquals("3 min 05 s", Units.time(Duration.ofSeconds(185)));
        assertEquals("2 h 07 min", Units.time(Duration.ofMinutes(127)));
    }

    @Test
    void writesSizesInTheUnitThatFits() {
        assertEquals("941 KB", Units.bytes(940_600));
        assertEquals("4.1 MB", Units.bytes(4_123_344));
        assertEquals("1.3 GB", Units.bytes(1_300_000_000));
    }
}
