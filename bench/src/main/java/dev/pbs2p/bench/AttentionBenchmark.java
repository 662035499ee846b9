package dev.pbs2p.bench;

import dev.pbs2p.kernel.Backend;
import dev.pbs2p.kernel.KvCache;
import dev.pbs2p.kernel.Matrix;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.infra.Blackhole;

/// One layer's attention of the 1.1B shape (32 query heads, 4 key heads of 64 columns) after `past` tokens.
@State(Scope.Thread)
public class AttentionBenchmark {

    private static final int HEADS = 32;
    private static final int KV_HEADS = 4;
    private static final int HEAD = 64;

    @Param({"64", "1024"})
    int past;

    @Param({"1", "64"})
    int tokens;

    private KvCache cache;
    private Matrix q;
    private Matrix kv;

    @Setup(Level.Trial)
    public void open(Kernels kernels) {
        cache = kernels.backend.cache(1, 1, KV_HEADS * HEAD, past + tokens);
        q = kernels.values(past, HEADS * HEAD);
        kv = kernels.values(past, KV_HEADS * HEAD);
        kernels.backend.attention(q, kv, kv, HEADS, KV_HEADS, 0, Integer.MAX_VALUE, cache);
        cache.advance(past);
        q = kernels.values(tokens, HEADS * HEAD);
        kv = kernels.values(tokens, KV_HEADS * HEAD);
    }

    @TearDown(Level.Trial)
    public void close() {
        cache.close();
    }

    /// The cache is never moved on: each invocation writes its keys over the last one's.
    @Benchmark
    public void attention(Kernels kernels, Blackhole hole) {
        try (Backend.Scope _ = kernels.backend.scope()) {
            hole.consume(kernels.backend.attention(q, kv, kv, HEADS, KV_HEADS, 0, Integer.MAX_VALUE, cache));
        }
    }
}
