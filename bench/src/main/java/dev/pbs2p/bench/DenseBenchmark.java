package dev.pbs2p.bench;

import dev.pbs2p.kernel.Backend;
import dev.pbs2p.kernel.Linear;
import dev.pbs2p.kernel.Matrix;
import dev.pbs2p.tensor.ByteMatrix;
import dev.pbs2p.tensor.DType;
import dev.pbs2p.tensor.DenseWeight;
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

    /// 8 bits with scales, as packed models have it, or a float type.
    @Param({"8 bits", "F16", "BF16", "F32"})
    String dtype;

    @Param({"1", "16"})
    int tokens;

    private Linear head;
    private Matrix x;

    @Setup(Level.Trial)
    public void open(Kernels kernels) {
        head = kernels.backend.linear("head", weight(Arena.ofAuto()), null);
        x = kernels.values(tokens, COLS);
    }

    private DenseWeight weight(Arena arena) {
        long count = (long) ROWS * COLS;
        if (dtype.equals("8 bits")) {
            MemorySegment scales = arena.allocate(4L * ROWS * ByteMatrix.groups(COLS), 64);
            return new ByteMatrix(ROWS, COLS, arena.allocate(count, 64), scales);
        }
        DType type = DType.valueOf(dtype);
        return new Tensor(type, new long[] {ROWS, COLS}, arena.allocate(count * type.bytes(), 64));
    }

    @Benchmark
    public void head(Kernels kernels, Blackhole hole) {
        try (Backend.Scope _ = kernels.backend.scope()) {
            hole.consume(kernels.backend.matmul(x, head));
        }
    }
}
