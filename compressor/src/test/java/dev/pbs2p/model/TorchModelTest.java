package dev.pbs2p.model;

import dev.pbs2p.compress.torch.TorchBackend;
import dev.pbs2p.kernel.Backend;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Named;

/// The LibTorch backend against the logits and greedy continuations that every backend has to give.
final class TorchModelTest extends DemoModelTest {

    static List<Named<Supplier<Backend>>> backends() {
        return List.of(Named.of("torch", () -> new TorchBackend(2)));
    }
}
