package dev.pbs2p.model;

import dev.pbs2p.kernel.Backend;
import dev.pbs2p.kernel.ScalarBackend;
import dev.pbs2p.kernel.VectorBackend;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Named;

/// The backends that run everywhere, for tests.
final class TestBackends {

    private TestBackends() {}

    static List<Named<Supplier<Backend>>> all() {
        return List.of(Named.of("scalar", ScalarBackend::new), Named.of("vector", () -> new VectorBackend(2, 8)));
    }
}
