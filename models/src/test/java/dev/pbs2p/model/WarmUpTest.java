package dev.pbs2p.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pbs2p.kernel.Backend;
import dev.pbs2p.kernel.ScalarBackend;
import dev.pbs2p.kernel.VectorBackend;
import dev.pbs2p.tensor.Checkpoint;
import dev.pbs2p.weights.Checkpoints;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WarmUpTest {

    @Test
    void runsEveryBlock(@TempDir Path llama, @TempDir Path opt) throws Exception {
        TinyLlama.standard().write(llama);
        TinyOpt.standard().write(opt);
        for (Path folder : new Path[] {llama, opt}) {
            try (Checkpoint checkpoint = Checkpoints.open(folder);
                    Backend backend = new VectorBackend(1, 8)) {
                WarmUp.run(checkpoint, backend);
            }
        }
    }

    @Test
    void endsWhenItIsClosed(@TempDir Path folder) throws IOException, InterruptedException {
        TinyLlama.standard().write(folder);
        AtomicInteger closed = new AtomicInteger();
        try (Checkpoint checkpoint = Checkpoints.open(folder)) {
            WarmUp warmUp = new WarmUp(checkpoint, new ScalarBackend() {
                @Override
                public void close() {
                    super.close();
                    closed.incrementAndGet();
                }
            });
            warmUp.close();
            assertTrue(warmUp.thread.join(Duration.ofSeconds(30)));
        }
        assertEquals(1, closed.get());
    }
}
