package dev.pbs2p.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pbs2p.format.FormatException;
import dev.pbs2p.model.TinyLlama;
import dev.pbs2p.tensor.DType;
import dev.pbs2p.tensor.Tensor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TorchFileTest {

    private static final Tensor SMALL = Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3);

    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource({"F32, 1", "F16, 1", "BF16, 1", "BF16, 3"})
    void readsEveryWeightWhereNoSafetensorsExist(DType dtype, int files) throws IOException {
        TinyLlama model = TinyLlama.standard().withDtype(dtype).withTied(false);
        model.write(folder);
        TorchWriter.replace(folder, files);
        try (HfDirectory checkpoint = HfDirectory.open(folder)) {
            assertEquals(model.shapes().keySet(), checkpoint.names());
            model.weights().forEach((name, values) -> {
                Tensor tensor = checkpoint.weight(name);
                assertEquals(dtype, tensor.dtype());
                assertArrayEquals(
                        Arrays.stream(model.shapes().get(name)).asLongStream().toArray(), tensor.shape());
                assertArrayEquals(values, tensor.toFloats(), name);
            });
        }
    }

    @Test
    void safetensorsComeFirst() throws IOException {
        TinyLlama.standard().write(folder);
        Files.writeString(folder.resolve("pytorch_model.bin"), "not read");
        HfDirectory.open(folder).close();
        Files.delete(folder.resolve("model.safetensors"));
        assertThrows(FormatException.class, () -> HfDirectory.open(folder));
    }

    @Test
    void readsArchivesWithPlacesOf64Bits() {
        Path file = new TorchWriter().zip64().begin().tensor("a", SMALL).end().write(folder.resolve("a.bin"));
        try (TorchFile read = TorchFile.open(file)) {
            assertArrayEquals(SMALL.toFloats(), read.tensor("a").toFloats());
            assertEquals(0, address(read.tensor("a").data()) % 64, "as PyTorch aligns it");
        }
    }

    private static long address(MemorySegment segment) {
        return segment.address();
    }

    @Test
    void tensorsOfOneStorageStartWhereTheySay() {
        TorchWriter writer =
                new TorchWriter().begin().tensor("a", SMALL).string("b").rebuild();
        writer.code('(')
                .storage("FloatStorage", "0", 6)
                .number(2)
                .tuple(2, 1, 2)
                .tuple(2, 77, 1)
                .code(0x89, 'N', 't', 'R');
        try (TorchFile read = TorchFile.open(writer.end().write(folder.resolve("a.bin")))) {
            assertArrayEquals(new float[] {3, 4, 5, 6}, read.tensor("b").toFloats());
        }
    }

    private void refuses(String said, TorchWriter writer) {
        refuses(said, writer.write(folder.resolve("bad.bin")));
    }

    private static void refuses(String said, Path file) {
        FormatException e =
                assertThrows(FormatException.class, () -> TorchFile.open(file).close());
        assertTrue(e.getMessage().contains(said), e.getMessage());
        assertTrue(e.getMessage().startsWith(file + " is not a usable PyTorch file: "), e.getMessage());
        assertFalse(e.getMessage().contains("\n"), "one line");
    }

    private static TorchWriter tensor(String type, long count, long offset, long[] shape, long[] strides) {
        return new TorchWriter()
                .entry("archive/data/0", new byte[24])
                .begin()
                .string("a")
                .rebuild()
                .code('(')
                .storage(type, "0", count)
                .number(offset)
                .tuple(shape)
                .tuple(strides)
                .code(0x89, 'N', 't', 'R')
                .end();
    }

    @Test
    void nothingButTensorsIsRun() {
        refuses(
                "asks for os.system, which tensors do not need; nothing was run",
                new TorchWriter()
                        .code(0x80, 2)
                        .text("cos\nsystem\n")
                        .string("touch /tmp/x")
                        .code(0x85, 'R', '.'));
        refuses(
                "asks for builtins.eval",
                new TorchWriter().begin().text("cbuiltins\neval\n").end());
        refuses(
                "instruction 0x69",
                new TorchWriter().begin().code('i').text("os\nsystem\n").end()); // INST
        refuses(
                "instruction 0x93",
                new TorchWriter().code(0x80, 2).string("os").string("system").code(0x93, '.'));
        refuses("instruction 0x81", new TorchWriter().begin().code(')', 0x81).end()); // NEWOBJ
        refuses(
                "calls torch.FloatStorage",
                new TorchWriter()
                        .begin()
                        .text("ctorch\nFloatStorage\n")
                        .code(')', 'R')
                        .end());
        refuses(
                "is no plain state dictionary",
                new TorchWriter().begin().string("a").number(1).end());
        refuses("is no plain state dictionary", new TorchWriter().code(0x80, 2, 'K', 1, '.'));
        refuses("protocol 4", new TorchWriter().code(0x80, 4, '.'));
    }

    @Test
    void sizesAreChecked() {
        long[] shape = {2, 3};
        long[] strides = {3, 1};
        tensor("FloatStorage", 6, 0, shape, strides).write(folder.resolve("good.bin"));
        TorchFile.open(folder.resolve("good.bin")).close();
        refuses("there are 6 elements", tensor("FloatStorage", 6, 0, new long[] {3, 3}, strides));
        refuses("there are 6 elements", tensor("FloatStorage", 6, 0, new long[] {1L << 60, 1L << 60}, strides));
        refuses("there are 6 elements", tensor("FloatStorage", 6, 0, new long[] {-1, 3}, strides));
        refuses("begins at element 1 and has 6", tensor("FloatStorage", 6, 1, shape, strides));
        refuses("begins at element -1", tensor("FloatStorage", 6, -1, shape, strides));
        refuses("begins at element " + Long.MAX_VALUE, tensor("FloatStorage", 6, Long.MAX_VALUE, shape, strides));
        refuses("is not stored row by row", tensor("FloatStorage", 6, 0, shape, new long[] {1, 2}));
        refuses("is not stored row by row", tensor("FloatStorage", 6, 0, shape, new long[] {1}));
        refuses("there are 3 elements", tensor("DoubleStorage", 6, 0, shape, strides));
        refuses("asks for torch.ComplexFloatStorage", tensor("ComplexFloatStorage", 3, 0, shape, strides));
    }

    @Test
    void damagedFilesAreRefused() throws IOException {
        byte[] good = new TorchWriter()
                .begin()
                .tensor("a", SMALL)
                .tensor("b", SMALL)
                .end()
                .bytes();
        SplittableRandom random = new SplittableRandom(1);
        Path file = folder.resolve("bad.bin");
        for (int length = 0; length < good.length; length += 7) {
            refuses("", Files.write(file, Arrays.copyOf(good, length)));
        }
        for (int run = 0; run < 1000; run++) {
            byte[] bad = good.clone();
            for (int i = 0; i < 3; i++) {
                bad[random.nextInt(bad.length)] = (byte) random.nextInt();
            }
            Files.write(file, bad);
            try (TorchFile read = TorchFile.open(file)) {
                read.names().forEach(name -> read.tensor(name).toFloats());
            } catch (FormatException e) {
                assertTrue(e.getMessage().startsWith(file.toString()), e.getMessage());
            } catch (IllegalArgumentException e) {
                assertTrue(e.getMessage().contains("holds no real numbers"), e.getMessage());
            }
        }
    }

    @Test
    void otherArchivesAreNamed() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            zip.putNextEntry(new ZipEntry("archive/data.pkl"));
            zip.write(new byte[100]);
        }
        refuses("is compressed", Files.write(folder.resolve("a.bin"), bytes.toByteArray()));
        refuses("no whole ZIP archive", Files.write(folder.resolve("b.bin"), new byte[] {(byte) 0x80, 2, (byte) 0x8a}));
        refuses(
                "not little-endian",
                new TorchWriter().begin().tensor("a", SMALL).end().entry("archive/byteorder", "big".getBytes()));
        refuses(
                "has no data of its tensor a",
                tensor("FloatStorage", 6, 0, new long[] {6}, new long[] {1})
                        .entry("archive/data/1", new byte[1])
                        .without("archive/data/0"));
    }
}
