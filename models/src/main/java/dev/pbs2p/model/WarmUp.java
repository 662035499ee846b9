package dev.pbs2p.model;

import dev.pbs2p.generate.Model;
import dev.pbs2p.kernel.Backend;
import dev.pbs2p.kernel.KvCache;
import dev.pbs2p.kernel.Matrix;
import dev.pbs2p.tensor.Checkpoint;
import java.time.Duration;

/// Runs a model for nobody on a second backend, in the background, so that the compiler has seen to its kernels when
/// the first backend goes over to them ([Backend#warmUp]). Nothing of it is seen but the time it takes.
final class WarmUp implements AutoCloseable {

    /// A text of some hundred tokens ends before it begins: the compiler would only be in its way.
    private static final int BEGIN_MILLIS = 3000;
    /// As many as the compiler needs to see, and some more while it is at work.
    private static final int PASSES = 200;
    /// Tokens of every second pass: several have kernels of their own.
    private static final int SEVERAL = 8;
    /// It rests so many times as long as it works: what is not compiled yet takes long, and teaches the compiler
    /// nothing.
    private static final int RESTS = 2;

    final Thread thread;

    /// Begins soon.
    ///
    /// @param backend is closed when it is done
    WarmUp(Checkpoint checkpoint, Backend backend) {
        thread = Thread.ofPlatform().daemon().name("pbs2p-warm-up").start(() -> {
            try (backend) {
                Thread.sleep(BEGIN_MILLIS);
                run(checkpoint, backend);
            } catch (InterruptedException | RuntimeException e) {
                // closed, perhaps with the checkpoint, in the middle of it: nobody needs the kernels any more
            }
        });
    }

    /// One block a pass, and the head: a whole pass of what is not compiled would take seconds.
    static void run(Checkpoint checkpoint, Backend backend) throws InterruptedException {
        try (Model model = Models.open(checkpoint, backend);
                KvCache cache = model.cache(1, SEVERAL)) {
            for (int pass = 0; pass < PASSES; pass++) {
                int tokens = pass % 2 == 0 ? 1 : SEVERAL;
                int block = pass / 2 % model.blocks(); // they may differ in format
                long start = System.nanoTime();
                try (Backend.Scope _ = backend.scope()) {
                    Matrix x = model.block(block, model.embed(new int[tokens], cache), cache);
                    backend.read(model.logits(x));
                }
                Thread.sleep(Duration.ofNanos(RESTS * (System.nanoTime() - start)));
            }
        }
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
