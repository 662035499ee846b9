package dev.pbs2p.fuzz;

import dev.pbs2p.weights.HfDirectory;

/// Any bytes as a `pytorch_model.bin`.
public final class TorchFuzz {

    private static final FuzzedFile FILE = FuzzedFile.named("pytorch_model.bin", new FuzzedFile.Bound(4, 100));

    private TorchFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) {
        FILE.read(data, path -> {
            try (HfDirectory file = HfDirectory.open(path.getParent())) {
                file.names().forEach(name -> file.weight(name).rows());
            }
        });
    }
}
