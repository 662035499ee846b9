package dev.pbs2p.compress;

import com.sun.management.OperatingSystemMXBean;
import dev.pbs2p.format.SlicedLayout;
import dev.pbs2p.generate.Model;
import dev.pbs2p.tensor.Weight;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// What a compression will need, estimated before it starts.
///
/// @param heapBytes of the Java heap, at most
/// @param memoryBytes of the machine's memory, the heap included
/// @param diskBytes free in the output's directory
/// @param outputBytes size of the packed model
public record Preflight(long heapBytes, long memoryBytes, long diskBytes, long outputBytes) {

    /// Float arrays of a linear's size that live at once: the weight, its compensated copy, levels and a little more.
    private static final int COPIES = 3;
    /// Of a Hessian's size: itself and the factor of its inverse.
    private static final int HESSIANS = 2;
    /// LibTorch's own memory and the activations of one pass.
    private static final long PASS = 1L << 30;

    static Preflight of(Model model, Map<String, Weight> weights, CompressOptions options, long tokens) {
        long packed = 0;
        long stay = weights.entrySet().stream()
                .mapToLong(entry -> (options.inBytes(entry.getKey()) ? 1L : 2L)
                        * entry.getValue().rows()
                        * entry.getValue().cols())
                .sum();
        long largestBlock = 0;
        long largestLinear = 0;
        long largestHessian = 0;
        for (int block = 0; block < model.blocks(); block++) {
            List<Weight> linears =
                    model.linears(block).stream().map(weights::get).toList();
            long size = 0;
            for (Weight linear : linears) {
                long count = (long) linear.rows() * linear.cols();
                packed += options.bits() == null
                        ? new SlicedLayout(options.format(), linear.rows(), linear.cols()).bytes()
                        : (long) Math.ceil(options.bits() * count / 8);
                size += count;
                stay -= 2 * count;
                largestLinear = Math.max(largestLinear, count);
                largestHessian = Math.max(largestHessian, (long) linear.cols() * linear.cols());
            }
            largestBlock = Math.max(largestBlock, size);
        }
        long hidden = 4 * tokens * weights.values().iterator().next().cols();
        // The codes of a block take a byte each.
        long heap = 4 * (COPIES * largestLinear + HESSIANS * largestHessian) + largestBlock;
        long output = packed + stay;
        // LibTorch has the block with its Hessians (two of the largest size bound them all) or a factorisation in
        // float64, and what remains of a linear twice; the file's pages of the block stay mapped. Blocks of LLaMA-7B
        // took 5.1 GB (paper) and 5.3 GB (best, not tuned).
        long memory = heap + 6 * largestBlock + 2 * 4 * (largestHessian + largestLinear) + PASS;
        TuningPlan tuning = options.tuning() == null ? TuningPlan.NONE : options.tuning();
        long tuned = tuning.blockEpochs() > 0 ? largestBlock : 0;
        if (tuning.modelEpochs() > 0) {
            tuned = weights.values().stream()
                    .mapToLong(w -> (long) w.rows() * w.cols())
                    .sum();
        }
        // LibTorch has what is tuned, a copy on the way and the gradients of each model; the heap has codes three
        // times, offsets, the optimiser's two moments and a linear's gradient, and is a third larger than what lives
        // in it. Tuning one block of LLaMA-7B took 8.0 GB.
        heap = Math.max(heap, (15 * tuned + 2 * 4 * largestLinear) / 3 * 4);
        int models = Replicas.count(options, tuned);
        memory = Math.max(memory, heap + (2L + models) * 4 * tuned + PASS);
        return new Preflight(heap, memory, 2 * output + (tuning.any() ? 5 : 3) * hidden, output);
    }

    /// Whether the machine and this Java process have the memory.
    boolean fits() {
        return memoryBytes <= machineMemory()
                && heapBytes <= Runtime.getRuntime().maxMemory();
    }

    private static long machineMemory() {
        return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize();
    }

    /// Refuses to start what cannot end.
    ///
    /// @throws IllegalStateException if memory or disk are too small; the message says what is needed
    /// @throws IOException if the output's directory cannot be asked
    void check(Path output) throws IOException {
        long heap = Runtime.getRuntime().maxMemory();
        if (heapBytes > heap) {
            throw new IllegalStateException("compressing this model needs about " + size(heapBytes)
                    + " of Java heap, but there are " + size(heap) + ": start Java with a larger -Xmx");
        }
        if (!fits()) {
            throw new IllegalStateException("compressing this model needs about " + size(memoryBytes)
                    + " of memory, but this machine has " + size(machineMemory()));
        }
        Path directory = output.toAbsolutePath().getParent();
        if (directory == null || !Files.isDirectory(directory)) {
            throw new IOException("cannot write " + output + ": its directory does not exist");
        }
        long free = Files.getFileStore(directory).getUsableSpace();
        if (diskBytes > free) {
            throw new IllegalStateException("compressing this model needs about " + size(diskBytes) + " of disk in "
                    + directory + ", but " + size(free) + " are free");
        }
    }

    private static String size(long bytes) {
        return bytes < 1_000_000_000
                ? String.format(Locale.ROOT, "%.1f MB", bytes / 1e6)
                : String.format(Locale.ROOT, "%.1f GB", bytes / 1e9);
    }
}
