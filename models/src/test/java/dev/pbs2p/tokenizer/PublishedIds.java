package dev.pbs2p.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.pbs2p.model.SharedFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/// The texts that llama.cpp publishes beside a vocabulary, and their ids.
public final class PublishedIds {

    private PublishedIds() {}

    /// @param vocabulary a file of `shared/data/tokenizers`; without it the test is skipped
    public static void assertSame(String vocabulary, Tokenizer tokenizer) throws IOException {
        Path folder = SharedFiles.shared("data/tokenizers");
        String[] texts = Files.readString(folder.resolve(vocabulary + ".inp")).split("\n__ggml_vocab_test__\n", -1);
        List<String> ids = Files.readAllLines(folder.resolve(vocabulary + ".out"));
        for (int i = 0; i < ids.size(); i++) {
            int[] expected = Arrays.stream(ids.get(i).strip().split("\\s+"))
                    .filter(id -> !id.isEmpty())
                    .mapToInt(Integer::parseInt)
                    .toArray();
            assertArrayEquals(expected, tokenizer.encode(texts[i], false), texts[i]);
        }
    }
}
