package dev.pbs2p.eval;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.pbs2p.eval.Protocol.Score;
import dev.pbs2p.kernel.Backend;
import dev.pbs2p.kernel.ScalarBackend;
import dev.pbs2p.kernel.VectorBackend;
import dev.pbs2p.model.Opened;
import dev.pbs2p.model.SharedFiles;
import dev.pbs2p.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/// The demo checkpoint on the test split of WikiText-2, on the backends that run everywhere.
class DemoPerplexityTest {

    /// LibTorch's float32 gives 32.50798 here, and over 64 windows the 31.056 of the independent implementation.
    @Test
    void equalsTheReferenceOverTheFirst16Windows() throws IOException {
        Perplexity seen = measure(new VectorBackend(2, 8), 16);
        assertEquals(32.50798, seen.perplexity(), 1e-4);
        assertEquals(16 * 511, seen.tokens());
    }

    @Test
    void scalarKernelsGiveTheSame() throws IOException {
        assertEquals(
                measure(new VectorBackend(2, 8), 1).perplexity(),
                measure(new ScalarBackend(), 1).perplexity(),
                1e-4);
    }

    private static Perplexity measure(Backend backend, int windows) throws IOException {
        Path file = SharedFiles.shared("data/wikitext2-test.txt");
        try (Opened opened = Opened.on(backend, SharedFiles.demo());
                Tokenizer tokenizer = Tokenizer.of(opened.checkpoint())) {
            // 16 windows are 8 thousand tokens of about 3 characters.
            String text = Files.readString(file).substring(0, 40_000);
            Protocol protocol = new Protocol(512, windows, Score.ALL, tokenizer.bos());
            return Perplexity.of(
                    opened.model(), tokenizer.encode(text, false), protocol, (done, total, estimate) -> {});
        }
    }
}
