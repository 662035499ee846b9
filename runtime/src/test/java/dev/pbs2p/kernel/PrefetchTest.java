package dev.pbs2p.kernel;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

class PrefetchTest {

    @Test
    @EnabledOnOs(value = OS.LINUX, architectures = "amd64")
    void worksOnLinux() {
        assertTrue(Prefetch.supported());
        assertTrue(Prefetch.linked());
    }

    /// Memory that is there, that has been given back, that never was.
    @Test
    void anyAddressWillDo() {
        long address;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(1 << 20);
            address = memory.address();
            for (int bytes = 0; bytes < 5000; bytes += 100) {
                Prefetch.lines(address + bytes, bytes);
            }
        }
        Prefetch.lines(address, 1 << 20);
        Prefetch.lines(0, 4096);
        Prefetch.lines(Long.MAX_VALUE - 10_000, 4096);
    }
}
