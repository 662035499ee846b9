package dev.pbs2p.fuzz;

import dev.pbs2p.weights.GgufFile;

/// Any bytes as a GGUF file, up to the tokenizer's JSON.
public final class GgufFuzz {

    private static final FuzzedFile FILE = FuzzedFile.named("model.gguf", new FuzzedFile.Bound(16, 2000));

    private GgufFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) {
        FILE.read(data, path -> {
            try (GgufFile file = GgufFile.open(path)) {
                file.names().forEach(name -> file.weight(name).get(0));
                file.file("config.json");
                file.file("tokenizer_config.json");
                file.file("tokenizer.json");
            }
        });
    }
}
