package dev.pbs2p.cli;

import dev.pbs2p.cli.bench.RandomModel;
import dev.pbs2p.cli.bench.Shape;
import dev.pbs2p.tensor.PackedFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// What the launcher runs to learn which classes its archive should hold: texts of a checkpoint and of a packed model,
/// alone and in a batch, which soon comes to the vector kernels.
final class Rehearsal {

    private static final String TOKENS = "100";

    private Rehearsal() {}

    /// @param args a checkpoint
    static void main(String[] args) throws IOException {
        Path packed = Files.createTempFile("pbs2p-rehearsal", ".pbs2p");
        try {
            Shape shape = new Shape("rehearsal", 2048, 2048, 1, 32, 4, 64, 256);
            RandomModel.write(shape, new PackedFormat(8, 16, true, 128, 1, false, false), packed);
            int failed = generate(args[0], "Once upon a time") + generate(packed.toString(), "w1 w2 w3");
            if (failed != 0) {
                throw new IllegalStateException("a text could not be generated");
            }
        } finally {
            Files.delete(packed);
        }
    }

    private static int generate(String model, String prompt) {
        return Main.run("generate", model, "-p", prompt, "-n", "1")
                + Main.run("generate", model, "-p", prompt, "-n", TOKENS, "--batch", "1");
    }
}
