package dev.pbs2p.kernel;

import dev.pbs2p.format.Packing;
import dev.pbs2p.tensor.Codes;
import dev.pbs2p.tensor.DType;
import dev.pbs2p.tensor.PackedFormat;
import dev.pbs2p.tensor.PackedMatrix;
import dev.pbs2p.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Function;

/// Runs every SIMD kernel once against the scalar definition, on random values, on the machine it is called on. Needs
/// the vector module; takes less than a second.
public final class SelfTest {

    /// What became of one kernel.
    ///
    /// @param detail what was compared, or how it differed
    public record Result(String kernel, boolean passed, String detail) {}

    private static final int ROWS = 64;
    private static final int COLS = 128;
    private static final int BATCH = 2;
    /// Rows of a prompt: enough for every kernel that multiplies many at once.
    private static final int PROMPT = 38;
    private static final int BITS = 8;
    /// Of sums of `COLS` products of values near 1, in float and in any order.
    private static final double TOLERANCE = 1e-4;

    private final ScalarBackend scalar = new ScalarBackend();
    private final Random random = new Random(1);
    private final List<Result> results = new ArrayList<>();

    private SelfTest() {}

    /// One result a kernel.
    public static List<Result> run() {
        SelfTest test = new SelfTest();
        try (VectorBackend vector = new VectorBackend(2, BITS)) {
            test.packed(vector, 1, SubsetSums.description());
            test.packed(vector, PROMPT, "packed weights, " + PROMPT + " rows of activations");
            test.dense(vector);
            test.rows(vector);
            test.attention(vector);
        }
        return List.copyOf(test.results);
    }

    private void packed(VectorBackend vector, int batch, String kernel) {
        List<PackedFormat> formats = List.of(
                new PackedFormat(8, 16, true, 128, 1, false, false),
                new PackedFormat(4, 8, false, 128, 3, false, true),
                new PackedFormat(16, 16, true, 128, 2, true, false));
        String detail = "equal to the scalar definition";
        boolean passed = true;
        for (PackedFormat format : formats) {
            PackedMatrix matrix = matrix(format);
            double difference =
                    difference(vector, batch, x -> b -> b.matmul(x.on(b), b.linear("self-test", matrix, null)));
            if (difference != 0) {
                passed = false;
                detail = "at " + format.pattern() + " differs by " + difference + " from the scalar definition";
            }
        }
        results.add(new Result(kernel, passed, detail));
    }

    /// Random codes with exactly N of M kept: at random places of the same spacing in every N:M group.
    private PackedMatrix matrix(PackedFormat format) {
        Codes codes = Codes.empty(format, ROWS, COLS);
        random.nextBytes(codes.params());
        for (int col = 0; col < COLS; col++) {
            codes.salient()[col] = format.salient() && random.nextInt(8) == 0;
        }
        for (int row = 0; row < ROWS; row++) {
            codes.step()[row] = Float.floatToFloat16(0.01f * random.nextFloat());
            int turn = random.nextInt(format.m());
            for (int col = 0; col < COLS; col++) {
                int place = format.strided() ? col / 8 : col;
                if ((place + turn) % format.m() < format.n()) {
                    int most = codes.salient()[col] ? 4 : 2 * format.segments();
                    codes.code()[row * COLS + col] = (byte) (1 + random.nextInt(most));
                }
            }
        }
        return Packing.pack(codes);
    }

    private void dense(VectorBackend vector) {
        for (DType dtype : List.of(DType.F32, DType.F16, DType.BF16)) {
            Tensor weight = tensor(dtype);
            close(
                    "dense " + dtype + " weights",
                    difference(vector, x -> b -> b.matmul(x.on(b), b.linear("self-test", weight, null))));
        }
    }

    private Tensor tensor(DType dtype) {
        MemorySegment data = Arena.ofAuto().allocate((long) ROWS * COLS * dtype.bytes(), 64);
        for (int i = 0; i < ROWS * COLS; i++) {
            float value = (float) random.nextGaussian();
            switch (dtype) {
                case F32 -> data.setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
                case F16 -> data.setAtIndex(ValueLayout.JAVA_SHORT, i, Float.floatToFloat16(value));
                default -> data.setAtIndex(ValueLayout.JAVA_SHORT, i, (short) (Float.floatToRawIntBits(value) >>> 16));
            }
        }
        return new Tensor(dtype, new long[] {ROWS, COLS}, data);
    }

    private void rows(VectorBackend vector) {
        Tensor gain = Tensor.of(values(COLS), COLS);
        float[] frequencies = values(COLS / 8);
        close("addition", difference(vector, x -> b -> b.add(x.on(b), x.on(b))));
        close("ReLU", difference(vector, x -> b -> b.relu(x.on(b))));
        close("SwiGLU", difference(vector, x -> b -> b.swiglu(x.on(b), x.on(b))));
        close("RMSNorm", difference(vector, x -> b -> b.rmsNorm(x.on(b), b.vector("gain", gain), 1e-5f)));
        close(
                "LayerNorm",
                difference(
                        vector, x -> b -> b.layerNorm(x.on(b), b.vector("gain", gain), b.vector("bias", gain), 1e-5f)));
        close("rotary positions", difference(vector, x -> b -> b.rope(x.on(b), frequencies, b.window(1))));
    }

    private void attention(VectorBackend vector) {
        close("attention", difference(vector, x -> b -> {
            Matrix q = x.on(b);
            return b.attention(q, q, q, 4, 4, 0, Integer.MAX_VALUE, b.window(1));
        }));
    }

    private void close(String kernel, double difference) {
        boolean passed = difference <= TOLERANCE;
        results.add(new Result(
                kernel,
                passed,
                (passed ? "within " + TOLERANCE + " of" : "differs by " + difference + " from")
                        + " the scalar definition"));
    }

    /// The same values on either backend.
    private interface Input {
        Matrix on(Backend backend);
    }

    /// The largest difference between both backends' results, relative where they exceed 1; NaN counts as infinite.
    private double difference(VectorBackend vector, Function<Input, Function<Backend, Matrix>> op) {
        return difference(vector, BATCH, op);
    }

    private double difference(VectorBackend vector, int batch, Function<Input, Function<Backend, Matrix>> op) {
        float[] values = values(batch * COLS);
        Function<Backend, Matrix> run = op.apply(backend -> backend.matrix(values, batch, COLS));
        float[] expected = scalar.read(run.apply(scalar));
        float[] actual = vector.read(run.apply(vector));
        double worst = 0;
        for (int i = 0; i < expected.length; i++) {
            double difference = Math.abs((double) expected[i] - actual[i]) / Math.max(1, Math.abs(expected[i]));
            worst = Math.max(worst, Double.isNaN(difference) ? Double.POSITIVE_INFINITY : difference);
        }
        return worst;
    }

    private float[] values(int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }
}
