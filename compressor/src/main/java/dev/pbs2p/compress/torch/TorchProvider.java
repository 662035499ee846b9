package dev.pbs2p.compress.torch;

import dev.pbs2p.kernel.Backend;
import dev.pbs2p.kernel.Backends;
import java.util.Optional;

/// Offers [TorchBackend] to those who ask for it by name; loads nothing before.
public final class TorchProvider implements Backends.Provider {

    /// Called by the service loader.
    public TorchProvider() {}

    @Override
    public String name() {
        return "torch";
    }

    @Override
    public Optional<String> obstacle() {
        return LibTorch.present()
                ? Optional.empty()
                : Optional.of("LibTorch for " + LibTorch.platform() + " is not on the class path");
    }

    @Override
    public boolean automatic() {
        return false;
    }

    @Override
    public Backend open(Backends.Settings settings) {
        return new TorchBackend(settings.threads());
    }
}
