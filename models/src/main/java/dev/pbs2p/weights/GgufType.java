package dev.pbs2p.weights;

import dev.pbs2p.format.FormatException;
import dev.pbs2p.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.stream.Collectors;

/// How a GGUF file stores the elements of a tensor: in blocks, of one element or of 32 that share a scale.
enum GgufType {
    F32(0, 1, 4, DType.F32),
    F16(1, 1, 2, DType.F16),
    Q4_0(2, 32, 18, DType.F16),
    Q8_0(8, 32, 34, DType.F16),
    BF16(30, 1, 2, DType.BF16);

    /// Names by id of all types that there are; removed ones are blank.
    private static final String[] NAMES = ("F32 F16 Q4_0 Q4_1 - - Q5_0 Q5_1 Q8_0 Q8_1 Q2_K Q3_K Q4_K Q5_K Q6_K Q8_K"
                    + " IQ2_XXS IQ2_XS IQ3_XXS IQ1_S IQ4_NL IQ3_S IQ2_S IQ4_XS I8 I16 I32 I64 F64 IQ1_M BF16 - - -"
                    + " TQ1_0 TQ2_0 - - - MXFP4 NVFP4 Q1_0")
            .split(" ");

    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final int id;
    private final int elements;
    private final int bytes;
    private final DType dtype;

    GgufType(int id, int elements, int bytes, DType dtype) {
        this.id = id;
        this.elements = elements;
        this.bytes = bytes;
        this.dtype = dtype;
    }

    /// @throws FormatException if the type is not one of these; the message names it
    static GgufType of(int id, String tensor) {
        for (GgufType type : values()) {
            if (type.id == id) {
                return type;
            }
        }
        String name = id >= 0 && id < NAMES.length && !NAMES[id].equals("-") ? NAMES[id] : "the unknown type " + id;
        throw new FormatException("its tensor " + tensor + " is stored as " + name + ", but what is read is "
                + Arrays.stream(values()).map(Enum::name).collect(Collectors.joining(", "))
                + ": take a file of the model in one of these");
    }

    /// Elements that share a scale.
    int elements() {
        return elements;
    }

    /// Bytes of `count` elements, a multiple of [#elements]; the largest number if they are more.
    long bytes(long count) {
        return count / elements > Long.MAX_VALUE / bytes ? Long.MAX_VALUE : count / elements * bytes;
    }

    /// As what the elements are handed out.
    DType dtype() {
        return dtype;
    }

    /// Copies elements, those with a common scale multiplied by it and rounded to float16.
    ///
    /// @param from elements as stored, whole blocks
    /// @param to as many elements of [#dtype]
    void decode(MemorySegment from, MemorySegment to) {
        if (elements == 1) {
            to.copyFrom(from);
            return;
        }
        long blocks = from.byteSize() / bytes;
        for (long block = 0; block < blocks; block++) {
            long at = block * bytes;
            float scale = Float.float16ToFloat(from.get(SHORT, at));
            for (int i = 0; i < elements; i++) {
                float value =
                        scale * (this == Q8_0 ? from.get(ValueLayout.JAVA_BYTE, at + 2 + i) : nibble(from, at, i));
                to.set(SHORT, 2 * (block * elements + i), Float.floatToFloat16(value));
            }
        }
    }

    /// The low halves of a block's 16 bytes hold its first 16 elements, the high halves the others.
    private static int nibble(MemorySegment from, long block, int i) {
        int pair = from.get(ValueLayout.JAVA_BYTE, block + 2 + i % 16);
        return (i < 16 ? pair & 15 : pair >> 4 & 15) - 8;
    }
}
