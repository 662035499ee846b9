package dev.pbs2p.bench;

import dev.pbs2p.kernel.Backend;
import dev.pbs2p.kernel.Matrix;
import dev.pbs2p.kernel.VectorBackend;
import java.util.SplittableRandom;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/// The vector backend, without the plain Java that [dev.pbs2p.kernel.Backends] has it begin with.
@State(Scope.Thread)
public class Kernels {

    @Param({"1", "2"})
    int threads;

    Backend backend;

    @Setup(Level.Trial)
    public void open() {
        backend = new VectorBackend(threads, 8);
    }

    @TearDown(Level.Trial)
    public void close() {
        backend.close();
    }

    /// Random values that live as long as the backend.
    Matrix values(int rows, int cols) {
        SplittableRandom random = new SplittableRandom(1);
        float[] values = new float[rows * cols];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return backend.matrix(values, rows, cols);
    }
}
