package dev.pbs2p.compress;

import dev.pbs2p.compress.torch.InputCapture;
import dev.pbs2p.compress.torch.TorchBackend;
import dev.pbs2p.generate.Model;
import dev.pbs2p.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Objects;
import java.util.concurrent.ForkJoinPool;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.function.Supplier;

/// What every stage of one compression works with.
///
/// @param model the original, on `backend`
/// @param options with the tuning decided
/// @param pass the calibration windows
/// @param pool of as many threads as the options allow
record CompressJob(
        Model model,
        TorchBackend backend,
        UsedWeights weights,
        CompressOptions options,
        BlockPass pass,
        WorkDirectory work,
        ForkJoinPool pool,
        Consumer<CompressEvent> listener) {

    /// Moves windows through a block.
    interface Forward {
        void run() throws IOException;
    }

    /// Takes a linear and the Hessian of its inputs.
    interface LinearTask {
        void take(String name, Hessian hessian);
    }

    /// The same job on the first `windows` windows at most.
    CompressJob first(int windows) {
        return new CompressJob(model, backend, weights, options, pass.first(windows), work, pool, listener);
    }

    TuningPlan plan() {
        return Objects.requireNonNull(options.tuning());
    }

    /// Runs a block over all windows, then hands each of its linears to `task`, those with the same inputs one after
    /// another. One Hessian is in memory at a time beside the sums that wait.
    void forEachLinear(Forward block, LinearTask task) throws IOException {
        try (InputCapture capture = new InputCapture(backend)) {
            block.run();
            capture.stop();
            for (InputCapture.Inputs inputs : capture.inputs()) {
                // The mean over windows, twice: the second derivative of the squared output error.
                Hessian hessian = new Hessian(inputs.take(2.0 / pass.windows()), inputs.size());
                inputs.layers().forEach(name -> task.take(name, hessian));
            }
        }
    }

    /// Moves the windows through the original, each block seen by its own watch; what leaves the last block stays in
    /// the work directory.
    void runOriginal(String stage, IntFunction<? extends BlockPass.Watch> watch) throws IOException {
        pass.embed(work.original(0));
        for (int block = 0; block < model.blocks(); block++) {
            pass.run(block, work.original(block), work.original(block + 1), watch.apply(block));
            release(block);
            Files.delete(work.original(block));
            listener.accept(new CompressEvent.Stage(stage, block + 1, model.blocks(), ""));
        }
    }

    /// A weight of the original.
    Tensor original(String name) {
        return (Tensor) weights.weight(name);
    }

    <T> T parallel(Supplier<T> work) {
        return pool.submit(work::get).join();
    }

    /// Gives back the memory of a block, which can be run again as it originally was.
    void release(int block) {
        backend.release(model.linears(block));
        weights.unload(model.linears(block));
    }
}
