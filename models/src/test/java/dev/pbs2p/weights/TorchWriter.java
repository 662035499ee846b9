package dev.pbs2p.weights;

import dev.pbs2p.tensor.DType;
import dev.pbs2p.tensor.Tensor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;

/// Writes what `torch.save(model.state_dict(), path)` does, instruction by instruction.
public final class TorchWriter {

    private static final Map<DType, String> STORAGES = Map.of(
            DType.F32,
            "FloatStorage",
            DType.F16,
            "HalfStorage",
            DType.BF16,
            "BFloat16Storage",
            DType.I64,
            "LongStorage");

    private final ByteArrayOutputStream pickle = new ByteArrayOutputStream();
    private final Map<String, byte[]> entries = new LinkedHashMap<>();
    private boolean zip64;
    private int memo;

    /// The tensors of a directory's safetensors, which are deleted, as `pytorch_model.bin` in one or more files.
    public static void replace(Path directory, int files) throws IOException {
        List<TorchWriter> writers = new ArrayList<>();
        List<String> index = new ArrayList<>();
        try (HfDirectory checkpoint = HfDirectory.open(directory)) {
            for (int i = 0; i < files; i++) {
                writers.add(new TorchWriter().begin());
            }
            int number = 0;
            for (String name : checkpoint.names()) {
                int file = number++ % files;
                writers.get(file).tensor(name, checkpoint.weight(name));
                index.add("\"%s\": \"pytorch_model-%d.bin\"".formatted(name, file));
            }
        }
        Files.delete(directory.resolve("model.safetensors"));
        for (int i = 0; i < files; i++) {
            String name = files == 1 ? "pytorch_model.bin" : "pytorch_model-" + i + ".bin";
            Files.write(directory.resolve(name), writers.get(i).end().bytes());
        }
        if (files > 1) {
            Files.writeString(
                    directory.resolve("pytorch_model.bin.index.json"),
                    "{\"weight_map\": {" + String.join(", ", index) + "}}");
        }
    }

    /// Writes sizes and places as archives beyond 4 GB do.
    TorchWriter zip64() {
        zip64 = true;
        return this;
    }

    /// PROTO 2, an empty OrderedDict, MARK.
    TorchWriter begin() {
        return code(0x80, 2)
                .text("ccollections\nOrderedDict\n")
                .put()
                .code(')', 'R')
                .put()
                .code('(');
    }

    /// A key and a call of _rebuild_tensor_v2.
    TorchWriter tensor(String name, Tensor tensor) {
        String key = "" + entries.size();
        entries.put("archive/data/" + key, tensor.data().toArray(ValueLayout.JAVA_BYTE));
        long count = tensor.size();
        string(name)
                .rebuild()
                .code('(')
                .storage(STORAGES.get(tensor.dtype()), key, count)
                .code('K', 0);
        tuple(tensor.shape());
        long[] strides = new long[tensor.shape().length];
        for (int i = strides.length - 1; i >= 0; i--) {
            strides[i] = i == strides.length - 1 ? 1 : strides[i + 1] * tensor.shape()[i + 1];
        }
        return tuple(strides)
                .code(0x89)
                .text("ccollections\nOrderedDict\n")
                .code(')', 'R', 't')
                .put()
                .code('R')
                .put();
    }

    TorchWriter rebuild() {
        return text("ctorch._utils\n_rebuild_tensor_v2\n").put();
    }

    TorchWriter storage(String type, String key, long count) {
        code('(').string("storage").text("ctorch\n" + type + "\n").put();
        return string(key).string("cpu").number(count).code('t').put().code('Q');
    }

    TorchWriter tuple(long... values) {
        if (values.length > 3) {
            code('(');
        }
        for (long value : values) {
            number(value);
        }
        return code(values.length > 3 ? 't' : new int[] {')', 0x85, 0x86, 0x87}[values.length])
                .put();
    }

    TorchWriter number(long value) {
        if (value >= 0 && value < 256) {
            return code('K', (int) value);
        }
        if (value >= 0 && value < 65536) {
            return code('M', (int) value & 255, (int) value >> 8);
        }
        ByteBuffer bytes = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value);
        if (value == (int) value) {
            pickle.write('J');
            pickle.write(bytes.array(), 0, 4);
        } else {
            code(0x8a, 8);
            pickle.writeBytes(bytes.array());
        }
        return this;
    }

    TorchWriter string(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        code('X');
        pickle.writeBytes(ByteBuffer.allocate(4)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(utf8.length)
                .array());
        pickle.writeBytes(utf8);
        return put();
    }

    TorchWriter put() {
        return memo < 256 ? code('q', memo++) : code('r', memo & 255, memo++ >> 8, 0, 0);
    }

    TorchWriter code(int... bytes) {
        for (int value : bytes) {
            pickle.write(value);
        }
        return this;
    }

    TorchWriter text(String ascii) {
        pickle.writeBytes(ascii.getBytes(StandardCharsets.US_ASCII));
        return this;
    }

    /// SETITEMS, the attribute `_metadata`, BUILD, STOP.
    TorchWriter end() {
        code('u', '}')
                .put()
                .string("_metadata")
                .text("ccollections\nOrderedDict\n")
                .code(')', 'R');
        return code('(').string("").code('}').put().string("version").number(1).code('s', 'u', 's', 'b', '.');
    }

    TorchWriter entry(String name, byte[] data) {
        entries.put(name, data);
        return this;
    }

    TorchWriter without(String name) {
        entries.remove(name);
        return this;
    }

    public byte[] bytes() {
        Map<String, byte[]> all = new LinkedHashMap<>();
        all.put("archive/data.pkl", pickle.toByteArray());
        all.put("archive/byteorder", "little".getBytes(StandardCharsets.US_ASCII));
        all.putAll(entries);
        all.put("archive/version", "3\n".getBytes(StandardCharsets.US_ASCII));
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream directory = new ByteArrayOutputStream();
        all.forEach((name, data) -> {
            int at = out.size();
            byte[] utf8 = name.getBytes(StandardCharsets.UTF_8);
            int padding = -(at + 30 + utf8.length + 4) & 63; // data begins at a multiple of 64
            out.writeBytes(header(0x04034b50, 30, utf8, data, 4 + padding, 26).array());
            out.writeBytes(utf8);
            out.writeBytes(buffer(4 + padding)
                    .putShort((short) 0x4246)
                    .putShort((short) padding)
                    .array());
            out.writeBytes(data);
            ByteBuffer central =
                    header(0x02014b50, 46, utf8, data, zip64 ? 28 : 0, 28).putInt(42, zip64 ? -1 : at);
            if (zip64) {
                central.putInt(20, -1).putInt(24, -1);
            }
            directory.writeBytes(central.array());
            directory.writeBytes(utf8);
            if (zip64) {
                directory.writeBytes(buffer(28)
                        .putShort((short) 1)
                        .putShort((short) 24)
                        .putLong(data.length)
                        .putLong(data.length)
                        .putLong(at)
                        .array());
            }
        });
        long at = out.size();
        out.writeBytes(directory.toByteArray());
        if (zip64) {
            long end = out.size();
            out.writeBytes(buffer(56)
                    .putInt(0x06064b50)
                    .putLong(44)
                    .putLong(24, all.size())
                    .putLong(32, all.size())
                    .putLong(40, directory.size())
                    .putLong(48, at)
                    .array());
            out.writeBytes(
                    buffer(20).putInt(0x07064b50).putLong(8, end).putInt(16, 1).array());
        }
        out.writeBytes(buffer(22)
                .putInt(0x06054b50)
                .putShort(8, (short) all.size())
                .putShort(10, (short) all.size())
                .putInt(12, directory.size())
                .putInt(16, zip64 ? -1 : (int) at)
                .array());
        return out.toByteArray();
    }

    /// The fields that a local header and a directory entry share; in the latter all lie two bytes later.
    private static ByteBuffer header(int magic, int bytes, byte[] name, byte[] data, int extra, int nameAt) {
        CRC32 crc = new CRC32();
        crc.update(data);
        return buffer(bytes)
                .putInt(magic)
                .putInt(nameAt - 12, (int) crc.getValue())
                .putInt(nameAt - 8, data.length)
                .putInt(nameAt - 4, data.length)
                .putShort(nameAt, (short) name.length)
                .putShort(nameAt + 2, (short) extra);
    }

    private static ByteBuffer buffer(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    Path write(Path file) {
        try {
            return Files.write(file, bytes());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
