package dev.pbs2p.compress.torch;

import java.lang.foreign.MemorySegment;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;

/// Values between the Java heap and LibTorch; loads LibTorch.
final class Native {

    static {
        // Scopes free what is made here. JavaCPP's own limits look at the size of the whole process, count mapped
        // checkpoints too, and would stop a large model for no reason.
        setDefault("org.bytedeco.javacpp.maxBytes", "0");
        setDefault("org.bytedeco.javacpp.maxPhysicalBytes", "0");
        torch.set_num_threads(Runtime.getRuntime().availableProcessors());
    }

    private Native() {}

    private static void setDefault(String key, String value) {
        if (System.getProperty(key) == null) {
            System.setProperty(key, value);
        }
    }

    /// A new tensor with a copy of `values`.
    static Tensor tensor(float[] values, long... shape) {
        return slice(values, 0, values.length, shape);
    }

    /// A new tensor with a copy of `count` values from `offset` on.
    static Tensor slice(float[] values, int offset, int count, long... shape) {
        Tensor tensor = empty(torch.ScalarType.Float, shape);
        try (FloatPointer data = tensor.data_ptr_float()) {
            if (count > 0) {
                data.put(values, offset, count);
            }
        }
        return tensor;
    }

    /// A new tensor of `type` with a copy of the bytes.
    static Tensor tensor(MemorySegment bytes, torch.ScalarType type, long... shape) {
        Tensor tensor = empty(type, shape);
        try (BytePointer data = new BytePointer(tensor.data_ptr())) {
            MemorySegment.ofBuffer(data.capacity(bytes.byteSize()).asByteBuffer())
                    .copyFrom(bytes);
        }
        return tensor;
    }

    static Tensor empty(torch.ScalarType type, long... shape) {
        try (TensorOptions options = new TensorOptions(type)) {
            return torch.empty(shape, options, null);
        }
    }

    /// A copy of a float32 tensor's values, row-major.
    static float[] floats(Tensor tensor) {
        try (Tensor contiguous = tensor.detach().contiguous();
                FloatPointer data = contiguous.data_ptr_float()) {
            float[] values = new float[Math.toIntExact(contiguous.numel())];
            if (values.length > 0) {
                data.get(values);
            }
            return values;
        }
    }
}
