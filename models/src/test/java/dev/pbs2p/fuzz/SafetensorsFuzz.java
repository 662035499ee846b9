package dev.pbs2p.fuzz;

import dev.pbs2p.format.Safetensors;

/// Any bytes as a safetensors file.
public final class SafetensorsFuzz {

    private static final FuzzedFile FILE = FuzzedFile.named("model.safetensors", new FuzzedFile.Bound(4, 100));

    private SafetensorsFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) {
        FILE.read(data, path -> {
            try (Safetensors file = Safetensors.open(path)) {
                file.names().forEach(name -> file.tensor(name).rows());
            }
        });
    }
}
