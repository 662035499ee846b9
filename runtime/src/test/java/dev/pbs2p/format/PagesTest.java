package dev.pbs2p.format;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PagesTest {

    @ParameterizedTest
    @EnumSource
    void isZeroedAlignedMemoryUntilTheArenaCloses(Pages pages) {
        assumeTrue(Pages.obstacle().isEmpty());
        MemorySegment memory;
        try (Arena arena = Arena.ofShared()) {
            memory = pages.allocate(5_000_001, arena);
            assertEquals(5_000_001, memory.byteSize());
            assertEquals(0, memory.address() % (2 << 20));
            assertEquals(-1, memory.mismatch(MemorySegment.ofArray(new byte[5_000_001])));
            memory.set(ValueLayout.JAVA_BYTE, 5_000_000, (byte) 1);
        }
        assertThrows(IllegalStateException.class, () -> memory.get(ValueLayout.JAVA_BYTE, 0));
    }

    @Test
    void moreThanThereIsIsRefused() {
        assumeTrue(Pages.obstacle().isEmpty());
        try (Arena arena = Arena.ofConfined()) {
            assertThrows(IllegalStateException.class, () -> Pages.HUGE.allocate(1L << 55, arena));
        }
    }
}
