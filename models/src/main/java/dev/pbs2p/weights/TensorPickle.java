package dev.pbs2p.weights;

import dev.pbs2p.format.FormatException;
import dev.pbs2p.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Reads the pickle of a PyTorch state dictionary. A pickle is a program for a small stack machine that may call any
/// Python function; this one knows the instructions and the handful of names that tensors need, calls nothing, and
/// refuses the rest.
final class TensorPickle {

    private static final Map<String, DType> STORAGES = Map.of(
            "torch DoubleStorage", DType.F64,
            "torch FloatStorage", DType.F32,
            "torch HalfStorage", DType.F16,
            "torch BFloat16Storage", DType.BF16,
            "torch LongStorage", DType.I64,
            "torch IntStorage", DType.I32,
            "torch ShortStorage", DType.I16,
            "torch CharStorage", DType.I8,
            "torch ByteStorage", DType.U8,
            "torch BoolStorage", DType.BOOL);
    private static final String DICTIONARY = "collections OrderedDict";
    private static final String TENSOR = "torch._utils _rebuild_tensor_v2";

    /// What Python's `None` becomes.
    private static final Object NONE = new Object();

    /// A name that was looked up, not what it stands for.
    private record Global(String name) {}

    /// A part of the archive.
    record Storage(DType dtype, String key, long count) {}

    /// @param offset of the first element, in elements of the storage
    record Entry(Storage storage, long offset, List<Long> shape, List<Long> strides) {}

    private final ByteBuffer in;
    private final Map<Integer, Object> memo = new HashMap<>();
    /// The stacks below each mark, and on top the one in use.
    private final Deque<List<Object>> stacks = new ArrayDeque<>();

    private TensorPickle(MemorySegment pickle) {
        if (pickle.byteSize() > Integer.MAX_VALUE) {
            throw new FormatException("its pickle has " + pickle.byteSize() + " bytes, more than any model's");
        }
        this.in = pickle.asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
        stacks.push(new ArrayList<>());
    }

    /// The tensors of a state dictionary by name.
    ///
    /// @throws FormatException if the pickle holds or asks for anything else
    static Map<String, Entry> read(MemorySegment pickle) {
        Object result;
        try {
            result = new TensorPickle(pickle).run();
        } catch (BufferUnderflowException e) {
            throw new FormatException("its pickle ends too early: it is not whole", e);
        }
        Map<String, Entry> tensors = new LinkedHashMap<>();
        Map<?, ?> dictionary = as(Map.class, result);
        for (Map.Entry<?, ?> item : dictionary.entrySet()) {
            tensors.put(as(String.class, item.getKey()), as(Entry.class, item.getValue()));
        }
        return tensors;
    }

    private Object run() {
        while (true) {
            int code = in.get() & 0xff;
            if (code == '.') {
                return pop();
            }
            step(code);
        }
    }

    private void step(int code) {
        switch (code) {
            case 0x80 -> protocol(in.get());
            case '(' -> stacks.push(new ArrayList<>());
            case 'c' -> push(global(line() + " " + line()));
            case 'X' -> push(text(in.getInt()));
            case 'J' -> push((long) in.getInt());
            case 'K' -> push((long) (in.get() & 0xff));
            case 'M' -> push((long) (in.getShort() & 0xffff));
            case 0x8a -> push(integer(in.get() & 0xff));
            case 0x88 -> push(true);
            case 0x89 -> push(false);
            case 'N' -> push(NONE);
            case ')' -> push(List.of());
            case 0x85, 0x86, 0x87 -> push(last(code - 0x84));
            case 't' -> push(sinceMark());
            case '}' -> push(new LinkedHashMap<>());
            case 's' -> put(last(2));
            case 'u' -> put(sinceMark());
            case 'q' -> memo.put(in.get() & 0xff, top());
            case 'r' -> memo.put(in.getInt(), top());
            case 'h' -> push(remembered(in.get() & 0xff));
            case 'j' -> push(remembered(in.getInt()));
            case 'Q' -> push(storage(as(List.class, pop())));
            case 'R' -> push(call(last(2)));
            case 'b' -> push(as(Map.class, last(2).getFirst())); // a dictionary's attributes are no tensors
            default ->
                throw new FormatException("its pickle has the instruction 0x" + Integer.toHexString(code)
                        + ", which tensors do not need; nothing was run");
        }
    }

    private static void protocol(byte version) {
        if (version != 2) {
            throw new FormatException("its pickle is of protocol " + version + ", but PyTorch writes 2");
        }
    }

    private static Global global(String name) {
        if (!STORAGES.containsKey(name) && !name.equals(DICTIONARY) && !name.equals(TENSOR)) {
            throw new FormatException(
                    "its pickle asks for " + name.replace(' ', '.') + ", which tensors do not need; nothing was run");
        }
        return new Global(name);
    }

    private static Object call(List<Object> functionAndArguments) {
        String name = as(Global.class, functionAndArguments.get(0)).name();
        List<?> arguments = as(List.class, functionAndArguments.get(1));
        if (name.equals(DICTIONARY) && arguments.isEmpty()) {
            return new LinkedHashMap<>();
        }
        // storage, offset, shape, strides, whether it needs gradients, hooks
        if (!name.equals(TENSOR) || arguments.size() != 6) {
            throw new FormatException("its pickle calls " + name.replace(' ', '.') + " with " + arguments.size()
                    + " arguments, which tensors do not need; nothing was run");
        }
        return new Entry(
                as(Storage.class, arguments.get(0)),
                as(Long.class, arguments.get(1)),
                numbers(arguments.get(2)),
                numbers(arguments.get(3)));
    }

    /// ("storage", type, key, device, number of elements)
    private static Storage storage(List<?> reference) {
        if (reference.size() != 5 || !reference.getFirst().equals("storage")) {
            throw unexpected("a reference to a storage", reference);
        }
        String name = as(Global.class, reference.get(1)).name();
        DType dtype = STORAGES.get(name);
        if (dtype == null) {
            throw unexpected("the type of a storage", name);
        }
        return new Storage(dtype, as(String.class, reference.get(2)), as(Long.class, reference.get(4)));
    }

    private static List<Long> numbers(Object list) {
        List<Long> numbers = new ArrayList<>();
        for (Object item : as(List.class, list)) {
            numbers.add(as(Long.class, item));
        }
        return numbers;
    }

    private void put(List<Object> keysAndValues) {
        @SuppressWarnings("unchecked") // nothing else makes maps here
        Map<Object, Object> map = as(Map.class, top());
        if (keysAndValues.size() % 2 != 0) {
            throw unexpected("a value for each key", keysAndValues);
        }
        for (int i = 0; i < keysAndValues.size(); i += 2) {
            map.put(as(String.class, keysAndValues.get(i)), keysAndValues.get(i + 1));
        }
    }

    /// The text up to the end of the line.
    private String line() {
        int begin = in.position();
        while (in.get() != '\n') {}
        return text(begin, in.position() - 1 - begin);
    }

    private String text(int length) {
        if (length < 0 || length > in.remaining()) {
            throw new FormatException("its pickle claims a string of " + Integer.toUnsignedString(length)
                    + " bytes, but has " + in.remaining() + " left");
        }
        in.position(in.position() + length);
        return text(in.position() - length, length);
    }

    private String text(int from, int length) {
        return StandardCharsets.UTF_8.decode(in.slice(from, length)).toString();
    }

    /// A little-endian number of some bytes, at most 8.
    private long integer(int bytes) {
        if (bytes > 8) {
            throw new FormatException("its pickle has a number of " + bytes + " bytes");
        }
        long value = 0;
        for (int i = 0; i < bytes; i++) {
            value |= (in.get() & 0xffL) << (8 * i);
        }
        int unused = 64 - 8 * bytes;
        return bytes == 0 ? 0 : (value << unused) >> unused; // with its sign
    }

    private Object remembered(int key) {
        Object value = memo.get(key);
        if (value == null) {
            throw new FormatException("its pickle refers to its object " + key + ", which there is not");
        }
        return value;
    }

    private void push(Object value) {
        stacks.element().add(value);
    }

    private Object top() {
        if (stacks.element().isEmpty()) {
            throw new FormatException("its pickle takes more from its stack than there is");
        }
        return stacks.element().getLast();
    }

    private Object pop() {
        Object value = top();
        stacks.element().removeLast();
        return value;
    }

    private List<Object> last(int count) {
        Deque<Object> values = new ArrayDeque<>();
        for (int i = 0; i < count; i++) {
            values.addFirst(pop());
        }
        return new ArrayList<>(values);
    }

    private List<Object> sinceMark() {
        if (stacks.size() == 1) {
            throw new FormatException("its pickle refers to a mark that it has not set");
        }
        return stacks.pop();
    }

    private static <T> T as(Class<T> kind, Object value) {
        if (!kind.isInstance(value)) {
            throw unexpected("a " + kind.getSimpleName(), value);
        }
        return kind.cast(value);
    }

    private static FormatException unexpected(String expected, Object seen) {
        return new FormatException("its pickle has a " + seen.getClass().getSimpleName() + " where tensors have "
                + expected + ": it is no plain state dictionary");
    }
}
