package dev.pbs2p.compress;

import dev.pbs2p.generate.Model;
import dev.pbs2p.kernel.Backend;
import dev.pbs2p.kernel.KvCache;
import dev.pbs2p.kernel.Matrix;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;

/// Moves the calibration windows through a model one block at a time, some windows a pass, from file to file.
final class BlockPass {

    /// Tokens of one pass: enough rows for fast matrix products.
    private static final int PASS_TOKENS = 4096;
    /// Values of the hidden states of one pass; what a block makes of them takes some 25 times their memory.
    private static final int PASS_VALUES = 1 << 22;

    private final Model model;
    private final int[] ids;
    private final int window;
    private final int cols;

    /// Sees what enters and leaves a block: rows × cols values each.
    interface Watch {
        void see(float[] in, float[] out, int cols);
    }

    /// @param ids window after window
    BlockPass(Model model, int[] ids, int window) {
        this.model = model;
        this.ids = ids;
        this.window = window;
        try (Backend.Scope _ = model.backend().scope();
                KvCache cache = model.backend().window(1)) {
            this.cols = model.embed(new int[] {ids[0]}, cache).cols();
        }
    }

    /// The same for the first `windows` windows at most.
    BlockPass first(int windows) {
        return new BlockPass(model, Arrays.copyOf(ids, Math.min(windows, windows()) * window), window);
    }

    /// Token ids, window after window.
    int[] ids() {
        return ids;
    }

    int window() {
        return window;
    }

    int windows() {
        return ids.length / window;
    }

    /// Bytes of one file of hidden states.
    long bytes() {
        return 4L * ids.length * cols;
    }

    /// Writes what enters block 0.
    void embed(Path to) throws IOException {
        try (HiddenStates.Writer writer = new HiddenStates.Writer(to)) {
            for (int done = 0; done < windows(); done += batch(done)) {
                int[] some = Arrays.copyOfRange(ids, done * window, (done + batch(done)) * window);
                try (Backend.Scope _ = model.backend().scope();
                        KvCache cache = model.backend().window(batch(done))) {
                    writer.append(model.backend().read(model.embed(some, cache)));
                }
            }
            writer.commit();
        }
    }

    /// Runs a block for what its operations show on the way.
    void run(int block, Path from) throws IOException {
        try (HiddenStates in = open(from)) {
            for (int done = 0; done < windows(); done += batch(done)) {
                try (Backend.Scope _ = model.backend().scope()) {
                    step(block, in, done);
                }
            }
        }
    }

    /// Writes what leaves a block.
    void run(int block, Path from, Path to) throws IOException {
        run(block, from, to, (_, _, _) -> {});
    }

    /// Writes what leaves a block, which `watch` sees too.
    void run(int block, Path from, Path to, Watch watch) throws IOException {
        try (HiddenStates in = open(from);
                HiddenStates.Writer writer = new HiddenStates.Writer(to)) {
            for (int done = 0; done < windows(); done += batch(done)) {
                try (Backend.Scope _ = model.backend().scope()) {
                    float[] out = model.backend().read(step(block, in, done));
                    watch.see(read(in, done), out, cols);
                    writer.append(out);
                }
            }
            writer.commit();
        }
    }

    private Matrix step(int block, HiddenStates in, int done) {
        int windows = batch(done);
        try (KvCache cache = model.backend().window(windows)) {
            return model.block(block, model.backend().matrix(read(in, done), windows * window, cols), cache);
        }
    }

    HiddenStates open(Path path) throws IOException {
        return HiddenStates.open(path, bytes() / 4);
    }

    private float[] read(HiddenStates in, int done) {
        return read(in, done, batch(done));
    }

    /// The states of `count` windows from `first` on.
    float[] read(HiddenStates in, int first, int count) {
        return in.read((long) first * window * cols, count * window * cols);
    }

    /// Windows of the pass that begins with window `done`.
    private int batch(int done) {
        int tokens = Math.min(PASS_TOKENS, PASS_VALUES / cols);
        return Math.min(Math.max(1, tokens / window), windows() - done);
    }
}
