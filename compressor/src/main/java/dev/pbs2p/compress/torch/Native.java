package dev.pbs2p.compress.torch;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.openblas.global.openblas;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;

/// Loads LibTorch, sets its threads, and moves values between it and the Java heap.
final class Native {

    /// A ByteBuffer, the only safe view of native memory that JavaCPP gives, ends at 2 GB.
    private static final long CHUNK = 1L << 30;

    /// About half a millisecond on one core.
    private static final long SMALL_PRODUCT = 1L << 25;

    private static int threads;
    private static int blasThreads;

    static {
        // Scopes free what is made here. JavaCPP's own limits look at the size of the whole process, count mapped
        // checkpoints too, and would stop a large model for no reason.
        setDefault("org.bytedeco.javacpp.maxBytes", "0");
        setDefault("org.bytedeco.javacpp.maxPhysicalBytes", "0");
        Loader.load(openblas.class);
        threads(Runtime.getRuntime().availableProcessors());
    }

    private Native() {}

    private static void setDefault(String key, String value) {
        if (System.getProperty(key) == null) {
            System.setProperty(key, value);
        }
    }

    /// Threads of every later operation in this process.
    static void threads(int count) {
        threads = count;
        torch.set_num_threads(count);
        blasThreads(count);
    }

    static int threads() {
        return threads;
    }

    /// For example `2.10.0`.
    static String version() {
        try (BytePointer config = torch.show_config()) {
            Matcher version = Pattern.compile("TORCH_VERSION=([^,\\s]+)").matcher(config.getString());
            return version.find() ? version.group(1) : "of unknown version";
        }
    }

    /// Says how many multiply-adds the next matrix product has: a small one runs on one BLAS thread, because two
    /// threads wait for each other longer than they compute, above all on a busy machine.
    static void expect(long multiplyAdds) {
        blasThreads(multiplyAdds < SMALL_PRODUCT ? 1 : threads);
    }

    /// Says that the next operation calls the BLAS from each of its own threads: those of the BLAS would serve one
    /// caller at a time while all of them spin.
    static void expectOwnThreads() {
        blasThreads(1);
    }

    private static void blasThreads(int count) {
        if (count != blasThreads) {
            openblas.blas_set_num_threads(count);
            blasThreads = count;
        }
    }

    /// Gives memory that is no longer used back to the system. The collector does not know of native memory, and lets
    /// garbage of gigabytes lie beside it; the native allocator keeps what was freed for later.
    static void trim() {
        System.gc();
        Pointer.trimMemory();
    }

    /// A new float32 tensor with a copy of `values`.
    static Tensor tensor(float[] values, long... shape) {
        return slice(values, 0, values.length, shape);
    }

    /// A new float32 tensor with a copy of `count` values from `offset` on.
    static Tensor slice(float[] values, int offset, int count, long... shape) {
        Tensor tensor = empty(torch.ScalarType.Float, shape);
        if (count > 0) {
            try (FloatPointer data = tensor.data_ptr_float()) {
                data.put(values, offset, count);
            }
        }
        return tensor;
    }

    /// A new int64 tensor with the values.
    static Tensor indices(int[] values) {
        long[] wide = new long[values.length];
        for (int i = 0; i < wide.length; i++) {
            wide[i] = values[i];
        }
        return torch.tensor(wide);
    }

    static Tensor empty(torch.ScalarType type, long... shape) {
        try (TensorOptions options = new TensorOptions(type)) {
            return torch.empty(shape, options, null);
        }
    }

    /// Copies bytes into a contiguous tensor's memory.
    static void fill(Tensor tensor, long offset, MemorySegment bytes) {
        for (long at = 0; at < bytes.byteSize(); at += CHUNK) {
            long size = Math.min(CHUNK, bytes.byteSize() - at);
            MemorySegment.ofBuffer(view(tensor, offset + at, size)).copyFrom(bytes.asSlice(at, size));
        }
    }

    private static ByteBuffer view(Tensor tensor, long offset, long size) {
        try (BytePointer data = new BytePointer(tensor.data_ptr())) {
            return data.position(offset).limit(offset + size).asByteBuffer();
        }
    }

    /// A copy of a float32 tensor's values, row-major.
    static float[] floats(Tensor tensor) {
        float[] values = new float[Math.toIntExact(tensor.numel())];
        floats(tensor, values);
        return values;
    }

    /// Copies a float32 tensor's values, row-major, to the begin of `out`.
    static void floats(Tensor tensor, float[] out) {
        int count = Math.toIntExact(tensor.numel());
        if (count > 0) {
            try (Tensor plain = tensor.detach();
                    Tensor contiguous = plain.contiguous();
                    FloatPointer data = contiguous.data_ptr_float()) {
                data.get(out, 0, count);
            }
        }
    }
}
