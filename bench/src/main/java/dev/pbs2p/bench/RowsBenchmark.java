package dev.pbs2p.bench;

import dev.pbs2p.kernel.Backend;
import dev.pbs2p.kernel.KvCache;
import dev.pbs2p.kernel.Matrix;
import dev.pbs2p.tensor.Tensor;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.infra.Blackhole;

/// What is done to each row: norm, positions, activation, sum.
@State(Scope.Thread)
public class RowsBenchmark {

    private static final int COLS = 4096;
    private static final int HEAD = 128;

    @Param({"1", "64"})
    int tokens;

    private Matrix x;
    private Matrix gain;
    private KvCache cache;
    private final float[] frequencies = new float[HEAD / 2];

    @Setup(Level.Trial)
    public void open(Kernels kernels) {
        x = kernels.values(tokens, COLS);
        gain = kernels.backend.vector("gain", Tensor.of(new float[COLS], COLS));
        cache = kernels.backend.window(1);
        for (int i = 0; i < frequencies.length; i++) {
            frequencies[i] = (float) Math.pow(10_000, -2.0 * i / HEAD);
        }
    }

    @Benchmark
    public void rmsNorm(Kernels kernels, Blackhole hole) {
        try (Backend.Scope _ = kernels.backend.scope()) {
            hole.consume(kernels.backend.rmsNorm(x, gain, 1e-5f));
        }
    }

    @Benchmark
    public void rope(Kernels kernels, Blackhole hole) {
        try (Backend.Scope _ = kernels.backend.scope()) {
            hole.consume(kernels.backend.rope(x, frequencies, cache));
        }
    }

    @Benchmark
    public void swiglu(Kernels kernels, Blackhole hole) {
        try (Backend.Scope _ = kernels.backend.scope()) {
            hole.consume(kernels.backend.swiglu(x, x));
        }
    }

    @Benchmark
    public void add(Kernels kernels, Blackhole hole) {
        try (Backend.Scope _ = kernels.backend.scope()) {
            hole.consume(kernels.backend.add(x, x));
        }
    }
}
