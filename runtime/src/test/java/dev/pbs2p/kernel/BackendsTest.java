package dev.pbs2p.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pbs2p.kernel.Backends.Settings;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class BackendsTest {

    private static final Settings SETTINGS = new Settings(1, 8);

    @Test
    void autoTakesTheVectorBackendWhereTheModuleIsLoaded() {
        try (Backend backend = Backends.open("auto", SETTINGS)) {
            assertEquals("vector", backend.name());
            assertTrue(backend.description().startsWith("vector: " + Species.BITS + "-bit vectors on 1 thread, 8-bit"));
        }
    }

    @Test
    void aNamedBackendIsTheOneThatOpens() {
        for (String name : new String[] {"scalar", "vector"}) {
            try (Backend backend = Backends.open(name, SETTINGS)) {
                assertEquals(name, backend.name());
            }
        }
    }

    @Test
    void anUnknownBackendIsRefusedWithTheNamesThereAre() {
        var e = assertThrows(IllegalArgumentException.class, () -> Backends.open("tpu", SETTINGS));
        assertEquals("there is no backend tpu here; choose one of auto, scalar, vector", e.getMessage());
    }

    @Test
    void optionsEndWithTheOneThatAlwaysRuns() {
        assertEquals(
                new Backends.Option("scalar", Optional.empty()),
                Backends.options().getLast());
    }

    @Test
    void settingsAreChecked() {
        assertThrows(IllegalArgumentException.class, () -> new Settings(0, 8));
        assertThrows(IllegalArgumentException.class, () -> new Settings(1, 5));
        assertTrue(Settings.defaults().threads() >= 1);
    }
}
