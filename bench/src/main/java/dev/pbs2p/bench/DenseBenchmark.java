package dev.pbs2p.bench;

import dev.pbs2p.kernel.Backend;
import dev.pbs2p.kernel.Linear;
import dev.pbs2p.kernel.Matrix;
import dev.pbs2p.tensor.DType;
import dev.pbs2p.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.infra.Blackhole;

/// The head of a model: a product with 32,000 × 2048 dense weights.
@State(Scope.Thread)
public class DenseBenchmark {

    private static final int ROWS = 32_000;
    private static final int COLS = 2048;

    @Param({"F16", "BF16", "F32"})
    DType dtype;

    @Param({"1", "16"})
    int tokens;

    private Linear head;
    private Matrix x;

    @Setup(Level.Trial)
    public void open(Kernels kernels) {
        MemorySegment data = Arena.ofAuto().allocate((long) ROWS * COLS * dtype.bytes(), 64);
        head = kernels.backend.linear("head", new Tensor(dtype, new long[] {ROWS, COLS}, data), null);
        x = kernels.values(tokens, COLS);
    }

    @Benchmark
    public void head(Kernels kernels, Blackhole hole) {
        try (Backend.Scope _ = kernels.backend.scope()) {
            hole.consume(kernels.backend.matmul(x, head));
        }
    }
}
