package dev.pbs2p.bench;

import dev.pbs2p.cli.bench.RandomModel;
import dev.pbs2p.cli.bench.Shape;
import dev.pbs2p.kernel.Backend;
import dev.pbs2p.kernel.Linear;
import dev.pbs2p.kernel.Matrix;
import dev.pbs2p.tensor.Checkpoint;
import dev.pbs2p.tensor.PackedFormat;
import dev.pbs2p.weights.Checkpoints;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.infra.Blackhole;

/// Activations times packed weights. The weights of an invocation exceed every cache, as those of a model do.
@State(Scope.Thread)
public class PackedBenchmark {

    private static final int SIDE = 4096;
    private static final int LAYERS = 6;
    private static final int LINEARS = 7 * LAYERS;

    /// N:M, segments, and whether levels are symmetric.
    @Param({
        "8:16 1 free",
        "8:16 1 symmetric",
        "10:16 1 free",
        "16:16 1 free",
        "8:16 2 free",
        "10:16 2 symmetric",
        "12:16 2 symmetric",
        "16:16 2 free",
        "4:8 3 free",
        "12:16 3 symmetric",
        "16:16 4 symmetric"
    })
    String format;

    /// Tokens that meet the weights together.
    @Param({"1", "64"})
    int tokens;

    private Path file;
    private Checkpoint checkpoint;
    private final List<Linear> linears = new ArrayList<>();
    private Matrix x;

    @Setup(Level.Trial)
    public void open(Kernels kernels) throws IOException {
        file = Files.createTempFile("pbs2p-bench", ".pbs2p");
        RandomModel.write(new Shape("kernels", SIDE, SIDE, LAYERS, 32, 32, 512, 64), format(), file);
        checkpoint = Checkpoints.open(file);
        for (String name : checkpoint.names()) {
            if (name.contains("_proj")) {
                linears.add(kernels.backend.linear(name, checkpoint.weight(name), null));
            }
        }
        x = kernels.values(tokens, SIDE);
    }

    private PackedFormat format() {
        String[] words = format.split("[: ]");
        return new PackedFormat(
                Integer.parseInt(words[0]),
                Integer.parseInt(words[1]),
                true,
                128,
                Integer.parseInt(words[2]),
                words[3].equals("symmetric"),
                false);
    }

    @TearDown(Level.Trial)
    public void close() throws IOException {
        checkpoint.close();
        Files.delete(file);
    }

    /// Time of one product with 4096 × 4096 weights.
    @Benchmark
    @OperationsPerInvocation(LINEARS)
    public void matmul(Kernels kernels, Blackhole hole) {
        for (Linear linear : linears) {
            try (Backend.Scope _ = kernels.backend.scope()) {
                hole.consume(kernels.backend.matmul(x, linear));
            }
        }
    }
}
