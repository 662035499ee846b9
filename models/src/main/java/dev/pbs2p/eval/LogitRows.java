package dev.pbs2p.eval;

import dev.pbs2p.generate.Model;
import dev.pbs2p.kernel.Backend;
import dev.pbs2p.kernel.Matrix;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ForkJoinPool;
import java.util.stream.IntStream;

/// Looks at the logits of chosen hidden states of one or more models: slab by slab, so that they are never all in
/// memory, and row by row on as many threads as the first model computes on.
final class LogitRows implements AutoCloseable {

    /// Logits of one model held at once (32 MB of float32).
    private static final int SLAB_LOGITS = 1 << 23;

    /// What is done with a row; on any thread.
    interface Look {
        /// Sees one row.
        ///
        /// @param index which of the chosen rows it is, from 0
        /// @param logits of every model
        /// @param at where the row begins in each
        void see(int index, float[][] logits, int at);
    }

    private final List<Model> models;
    private final ForkJoinPool pool;

    /// @param models all of one vocabulary
    LogitRows(List<Model> models) {
        this.models = models;
        this.pool = new ForkJoinPool(models.getFirst().backend().threads());
    }

    /// Shows each of the rows once.
    ///
    /// @param hidden what has left the last block of each model
    void show(List<Matrix> hidden, int[] rows, Look look) {
        int vocabulary = models.getFirst().vocabulary();
        int slab = Math.max(1, SLAB_LOGITS / vocabulary);
        for (int from = 0; from < rows.length; from += slab) {
            int start = from;
            int[] some = Arrays.copyOfRange(rows, from, Math.min(rows.length, from + slab));
            float[][] logits = logits(hidden, some);
            pool.submit(() -> IntStream.range(0, some.length)
                            .parallel()
                            .forEach(i -> look.see(start + i, logits, i * vocabulary)))
                    .join();
        }
    }

    private float[][] logits(List<Matrix> hidden, int[] rows) {
        float[][] logits = new float[models.size()][];
        for (int m = 0; m < logits.length; m++) {
            Model model = models.get(m);
            Backend backend = model.backend();
            try (Backend.Scope _ = backend.scope()) {
                logits[m] = backend.read(model.logits(backend.rows(hidden.get(m), rows)));
            }
        }
        return logits;
    }

    @Override
    public void close() {
        pool.close();
    }
}
