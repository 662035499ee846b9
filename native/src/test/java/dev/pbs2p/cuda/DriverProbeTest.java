package dev.pbs2p.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.util.List;
import org.junit.jupiter.api.Test;

class DriverProbeTest {

    @Test
    void answersOnAnyMachine() {
        CudaStatus status = DriverProbe.probe();
        assertFalse(status.sentence().isBlank());
        if (status instanceof CudaStatus.Found found) {
            found.devices().forEach(device -> assertFalse(device.name().isBlank()));
        }
    }

    @Test
    void saysThatTheLibraryIsMissing() {
        assertEquals(
                "no CUDA driver (libnothing.so.1 not found)",
                DriverProbe.probe("libnothing.so.1").sentence());
    }

    @Test
    void saysThatTheLibraryIsSomethingElse() {
        assumeTrue(present("libm.so.6"));
        CudaStatus status = DriverProbe.probe("libm.so.6");
        assertInstanceOf(CudaStatus.Absent.class, status);
        assertEquals("the CUDA driver (libm.so.6) has no cuInit", status.sentence());
    }

    @Test
    void describesDevices() {
        CudaStatus.Device device = new CudaStatus.Device("Some GPU", 8, 6, 24_000_000_000L);
        assertEquals(
                "CUDA driver 12.8: Some GPU (compute capability 8.6, 24.0 GB)",
                new CudaStatus.Found("12.8", List.of(device)).sentence());
        assertEquals("CUDA driver 12.8: no GPU", new CudaStatus.Found("12.8", List.of()).sentence());
    }

    @SuppressWarnings("restricted")
    private static boolean present(String library) {
        try (Arena arena = Arena.ofConfined()) {
            SymbolLookup.libraryLookup(library, arena);
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }
}
