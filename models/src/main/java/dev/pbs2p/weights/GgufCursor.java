package dev.pbs2p.weights;

import dev.pbs2p.format.FormatException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// Reads the values of a GGUF header one after another. Every length and count is compared with the bytes that are left
/// before anything of that size is made.
final class GgufCursor {

    private static final int STRING = 8;
    private static final int ARRAY = 9;

    /// Least bytes of a value by the id of its type; other ids there are none.
    private static final int[] BYTES = {1, 1, 2, 2, 4, 4, 4, 1, 8, 12, 8, 8, 8};

    private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final MemorySegment file;
    private long position;

    GgufCursor(MemorySegment file) {
        this.file = file;
    }

    long position() {
        return position;
    }

    int int32() {
        return file.get(INT, take(4));
    }

    long int64() {
        return file.get(LONG, take(8));
    }

    String string() {
        long length = count("bytes of a string", 1);
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(file.asSlice(take(length), length).asByteBuffer())
                    .toString();
        } catch (CharacterCodingException e) {
            throw new FormatException("it has a string that is not UTF-8 before byte " + position, e);
        }
    }

    /// A number of things that follow.
    ///
    /// @param least bytes that each of them takes
    long count(String what, int least) {
        long count = int64();
        if (count < 0 || count > (file.byteSize() - position) / least) {
            throw new FormatException("it claims " + Long.toUnsignedString(count) + " " + what + ", but has "
                    + (file.byteSize() - position) + " bytes left");
        }
        return count;
    }

    /// A string, [Boolean], [Long] (unsigned 64-bit ones wrap), [Double], or a list of one of them.
    Object value(int type) {
        return type == ARRAY ? array() : single(type);
    }

    private List<Object> array() {
        int type = int32();
        if (type == ARRAY) {
            throw new FormatException("it has a list of lists, which no model needs");
        }
        long count = count("values of a list", bytes(type));
        List<Object> values = new ArrayList<>(Math.toIntExact(count));
        for (long i = 0; i < count; i++) {
            values.add(single(type));
        }
        return values;
    }

    private Object single(int type) {
        if (type == STRING) {
            return string();
        }
        long at = take(bytes(type));
        return switch (type) {
            case 0 -> (long) Byte.toUnsignedInt(file.get(BYTE, at));
            case 1 -> (long) file.get(BYTE, at);
            case 2 -> (long) Short.toUnsignedInt(file.get(SHORT, at));
            case 3 -> (long) file.get(SHORT, at);
            case 4 -> Integer.toUnsignedLong(file.get(INT, at));
            case 5 -> (long) file.get(INT, at);
            case 6 -> (double) Float.intBitsToFloat(file.get(INT, at));
            case 7 -> file.get(BYTE, at) != 0;
            case 10, 11 -> file.get(LONG, at);
            default -> Double.longBitsToDouble(file.get(LONG, at));
        };
    }

    private static int bytes(int type) {
        if (type < 0 || type >= BYTES.length) {
            throw new FormatException("it has a value of the unknown type " + type);
        }
        return BYTES[type];
    }

    private long take(long bytes) {
        if (bytes > file.byteSize() - position) {
            throw new FormatException(
                    "it ends within its header: it has " + file.byteSize() + " bytes, but is not whole");
        }
        long at = position;
        position += bytes;
        return at;
    }
}
