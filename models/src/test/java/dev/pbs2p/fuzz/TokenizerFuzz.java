package dev.pbs2p.fuzz;

import dev.pbs2p.tokenizer.SideFiles;
import dev.pbs2p.tokenizer.Tokenizer;

/// Any bytes as a `tokenizer.json`, or behind a zero byte as a `tokenizer.model`.
public final class TokenizerFuzz {

    private TokenizerFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) {
        boolean model = data.length > 0 && data[0] == 0;
        byte[] content = model ? java.util.Arrays.copyOfRange(data, 1, data.length) : data;
        SideFiles files = new SideFiles().with(model ? "tokenizer.model" : "tokenizer.json", content);
        FuzzedFile.bounded(data.length, new FuzzedFile.Bound(16, 2000), () -> {
            try (Tokenizer tokenizer = Tokenizer.of(files)) {
                tokenizer.decode(tokenizer.encode("the naïve 日本 cab", true));
            }
        });
    }
}
