package dev.pbs2p.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pbs2p.format.SafetensorsWriter.Declared;
import dev.pbs2p.tensor.ByteMatrix;
import dev.pbs2p.tensor.Codes;
import dev.pbs2p.tensor.DType;
import dev.pbs2p.tensor.Loading;
import dev.pbs2p.tensor.PackedFormat;
import dev.pbs2p.tensor.PackedMatrix;
import dev.pbs2p.tensor.Tensor;
import dev.pbs2p.tensor.Weight;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class Pbs2pFileTest {

    private static final byte[] CONFIG = "{\"model_type\": \"llama\"}".getBytes(StandardCharsets.UTF_8);
    private static final PackedFormat ONE = new PackedFormat(4, 8, true, 64, 1, false, false);
    private static final PackedFormat PAPER = new PackedFormat(2, 4, false, 32, 3, true, true);

    @TempDir
    Path folder;

    private final Map<String, Weight> weights = new LinkedHashMap<>();

    /// Two packed linears and two dense tensors, all of odd sizes.
    private Pbs2pWriter small() {
        weights.put("embed", Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3));
        weights.put("q", Packing.pack(RandomCodes.of(ONE, 66, 172, 1)));
        weights.put("k", Packing.pack(RandomCodes.of(PAPER, 3, 45, 2)));
        weights.put("head", ByteMatrix.of(Tensor.of(values(3 * 130), 3, 130)));
        weights.put("norm", new Tensor(DType.BF16, new long[] {3}, MemorySegment.ofArray(new short[] {7, 8, 9})));
        return new Pbs2pWriter()
                .provenance("seed", "0")
                .provenance("text", "a \"quoted\" line\n")
                .file("config.json", CONFIG)
                .file("empty", new byte[0])
                .dense("embed", DType.F32, 2, 3)
                .packed("q", ONE, 66, 172)
                .packed("k", PAPER, 3, 45)
                .bytes("head", 3, 130)
                .dense("norm", DType.BF16, 3);
    }

    private static float[] values(int count) {
        Random random = new Random(12);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = random.nextFloat() - 0.5f;
        }
        return values;
    }

    private Path write() throws IOException {
        Path path = folder.resolve("small.pbs2p");
        small().write(path, weights::get);
        return path;
    }

    @Test
    void readsBackWhatWasWritten() throws IOException {
        Path path = write();
        try (Pbs2pFile file = Pbs2pFile.open(path)) {
            assertEquals(path.toString(), file.source());
            assertEquals(Set.of("embed", "q", "k", "head", "norm"), file.names());
            assertEquals(Map.of("seed", "0", "text", "a \"quoted\" line\n"), file.provenance());
            assertArrayEquals(CONFIG, file.file("config.json").orElseThrow());
            assertArrayEquals(new byte[0], file.file("empty").orElseThrow());
            assertEquals(Optional.empty(), file.file("tokenizer.json"));
            assertEquals(Set.of("config.json", "empty"), Set.copyOf(file.files()));
            assertEquals(Files.size(path), file.bytes());
            assertTensor("embed", file);
            assertTensor("norm", file);
            assertArrayEquals(
                    ((ByteMatrix) weights.get("head")).toFloats(), ((ByteMatrix) file.weight("head")).toFloats());
            assertPacked("q", RandomCodes.of(ONE, 66, 172, 1), file);
            assertPacked("k", RandomCodes.of(PAPER, 3, 45, 2), file);
            file.verify();
            FormatException e = assertThrows(FormatException.class, () -> file.weight("v"));
            assertTrue(e.getMessage().startsWith(path + " has no weight v among its 5: "), e.getMessage());
        }
    }

    private void assertTensor(String name, Pbs2pFile file) {
        Tensor expected = (Tensor) weights.get(name);
        Tensor actual = (Tensor) file.weight(name);
        assertEquals(expected.dtype(), actual.dtype());
        assertArrayEquals(expected.shape(), actual.shape());
        assertArrayEquals(expected.toFloats(), actual.toFloats());
    }

    private static void assertPacked(String name, Codes expected, Pbs2pFile file) {
        PackedMatrix matrix = (PackedMatrix) file.weight(name);
        assertEquals(expected.format(), matrix.format());
        assertEquals(0, matrix.planes().address() % 64);
        Codes codes = Packing.unpack(matrix);
        assertArrayEquals(expected.code(), codes.code());
        assertArrayEquals(expected.params(), codes.params());
        assertArrayEquals(expected.step(), codes.step());
        assertArrayEquals(expected.salient(), codes.salient());
    }

    @Test
    void isASafetensorsFileWithoutHoles() throws IOException {
        try (Safetensors file = Safetensors.open(write())) {
            long end = file.header().byteSize();
            assertEquals(0, end % 64);
            for (String name : file.names()) {
                assertEquals(end, file.offset(name), name);
                end += file.tensor(name).data().byteSize();
            }
            assertEquals(file.bytes(), end);
        }
    }

    @Test
    void givesTheSameBytesAgain() throws IOException {
        byte[] first = Files.readAllBytes(write());
        assertArrayEquals(first, Files.readAllBytes(write()));
    }

    @Test
    void findsEveryFlippedByte() throws IOException {
        byte[] good = Files.readAllBytes(write());
        Path path = folder.resolve("flipped.pbs2p");
        Random random = new Random(11);
        int step = good.length / 401;
        for (int at = 0; at < good.length; at += 1 + random.nextInt(step)) {
            byte[] bad = good.clone();
            bad[at] ^= (byte) (1 << random.nextInt(8));
            Files.write(path, bad);
            int where = at;
            FormatException e = assertThrows(
                    FormatException.class, () -> Pbs2pFile.open(path).close(), () -> "byte " + where);
            assertTrue(e.getMessage().contains("flipped.pbs2p"), e.getMessage());
        }
    }

    @Test
    void checksTheWeightsOfLargeFilesWhenAskedForThem() throws IOException {
        Path path = write();
        byte[] bad = Files.readAllBytes(path);
        try (Safetensors file = Safetensors.open(path)) {
            bad[(int) file.offset("q.steps")]++;
            bad[(int) file.offset("files/config.json")]++;
        }
        Files.write(path, bad);
        try (Pbs2pFile file = Pbs2pFile.open(path, 0)) {
            assertTensor("norm", file);
            assertArrayEquals(
                    ((ByteMatrix) weights.get("head")).toFloats(), ((ByteMatrix) file.weight("head")).toFloats());
            FormatException e = assertThrows(FormatException.class, () -> file.weight("q"));
            assertEquals(
                    path + " is damaged: the checksum of q.steps does not match; copy or compress the model again",
                    e.getMessage());
            assertThrows(FormatException.class, () -> file.file("config.json"));
            FormatException all = assertThrows(FormatException.class, file::verify);
            assertTrue(all.getMessage().contains("(one of 2 such parts)"), all.getMessage());
            assertThrows(FormatException.class, () -> file.load(Loading.MAPPED));
        }
    }

    @Test
    void survivesRandomDamage() throws IOException {
        byte[] good = Files.readAllBytes(write());
        int header = 8 + ByteBuffer.wrap(good).order(ByteOrder.LITTLE_ENDIAN).getInt(0);
        Path path = folder.resolve("damaged.pbs2p");
        Random random = new Random(12);
        for (int round = 0; round < 700; round++) {
            Files.write(path, damaged(good, header, random));
            // Anything but these exceptions, running out of memory for a claimed size included, fails the test.
            assertReadsOrRejects(() -> {
                try (Pbs2pFile file = Pbs2pFile.open(path)) {
                    file.names().forEach(file::weight);
                }
            });
            assertReadsOrRejects(() -> {
                try (Safetensors file = Safetensors.open(path)) {
                    file.names().forEach(file::tensor);
                }
            });
        }
    }

    @Test
    void survivesRandomPlanes() {
        Random random = new Random(13);
        for (PackedFormat format : List.of(ONE, PAPER, new PackedFormat(8, 8, true, 32, 3, false, true))) {
            PackedMatrix good = Packing.pack(RandomCodes.of(format, 3, 45, 2));
            byte[] planes = new byte[(int) good.planes().byteSize()];
            random.nextBytes(planes);
            PackedMatrix bad =
                    new PackedMatrix(format, 3, 45, MemorySegment.ofArray(planes), good.steps(), good.salient());
            assertReadsOrRejects(() -> Packing.unpack(bad));
        }
    }

    private static void assertReadsOrRejects(Runnable reading) {
        try {
            reading.run();
        } catch (FormatException e) {
            assertFalse(e.getMessage().isBlank());
        }
    }

    /// Cut off, or with some bytes changed, half of them in the header.
    private static byte[] damaged(byte[] good, int header, Random random) {
        byte[] bad = random.nextInt(4) == 0 ? Arrays.copyOf(good, 1 + random.nextInt(good.length)) : good.clone();
        for (int changes = random.nextInt(4); changes >= 0; changes--) {
            int at = random.nextInt(random.nextBoolean() ? Math.min(header, bad.length) : bad.length);
            bad[at] = switch (random.nextInt(3)) {
                case 0 -> (byte) random.nextInt(256);
                case 1 -> (byte) "0123456789{}[],:\"\\".charAt(random.nextInt(18));
                default -> (byte) (bad[at] ^ (1 << random.nextInt(8)));
            };
        }
        return bad;
    }

    @Test
    void saysWhatItSawInAnotherFile() throws IOException {
        assertRejected(Map.of(), "is a safetensors file, but not a .pbs2p: its metadata says no format");
        assertRejected(Map.of("format", "pt"), "but not a .pbs2p: its metadata says format pt");
        assertRejected(
                Map.of("format", "pbs2p", "version", "1"),
                "has version 1 of the .pbs2p format, but this program reads version 2");
        assertRejected(Map.of("format", "pbs2p", "version", "2"), "lacks the tensor checksums, which a .pbs2p needs");
    }

    private void assertRejected(Map<String, String> metadata, String message) throws IOException {
        Path path = folder.resolve("other.safetensors");
        try (var writer = new SafetensorsWriter(path, metadata, List.of())) {
            writer.commit();
        }
        assertMessage(path, message);
    }

    private static void assertMessage(Path path, String message) {
        FormatException e =
                assertThrows(FormatException.class, () -> Pbs2pFile.open(path).close());
        assertTrue(e.getMessage().startsWith(path.toString()), e.getMessage());
        assertTrue(e.getMessage().contains(message), e.getMessage());
    }

    @Test
    void saysWhichPackedWeightIsUnusable() throws IOException {
        String good = "n=4 m=8 order=strided group=64 segments=1 levels=free salient=none rows=66 cols=172";
        packedAs(good, 172, path -> Pbs2pFile.open(path).close());
        for (String bad : List.of(
                "",
                good.replace("n=4", "n=9"),
                good.replace("m=8", "m=7"),
                good.replace("group=64", "group=96"),
                good.replace("segments=1", "segments=5"),
                good.replace("rows=66", "rows=0"),
                good.replace("rows=66", "rows=99999999999"),
                good + " ")) {
            packedAs(bad, 172, path -> assertMessage(path, "describes the packed weight q as \"" + bad + "\": "));
        }
        String other = good.replace("cols=172", "cols=2147483647").replace("rows=66", "rows=2147483647");
        packedAs(other, 172, path -> assertMessage(path, "has the tensor q.planes as U8["));
        packedAs(good.replace("salient=none", "salient=columns"), 172, path -> assertMessage(path, "q.planes as U8["));
        packedAs(good, 171, path -> assertMessage(path, "q.planes as U8["));
    }

    private interface Check {
        void on(Path path) throws IOException;
    }

    /// A file with right checksums whose metadata describes `q` in these words.
    private void packedAs(String text, int cols, Check check) throws IOException {
        PackedMatrix q = Packing.pack(RandomCodes.of(ONE, 66, cols == 172 ? 172 : 64, 1));
        List<Declared> tensors = new ArrayList<>(List.of(
                Declared.of("q.planes", DType.U8, q.planes().byteSize()),
                Declared.of("q.steps", DType.F16, 66),
                Declared.of("checksums", DType.U8, 3, 4)));
        Map<String, String> metadata = Map.of("format", "pbs2p", "version", "2", "packed:q", text);
        Path path = folder.resolve("q.pbs2p");
        try (var writer = new SafetensorsWriter(path, metadata, tensors)) {
            Map<String, Integer> checksums = Map.of(
                    "q.planes", writer.write("q.planes", q.planes()),
                    "q.steps", writer.write("q.steps", q.steps()));
            byte[] table = Checksums.table(writer.header(), List.of("q.planes", "q.steps"), checksums);
            writer.write("checksums", MemorySegment.ofArray(table));
            writer.commit();
        }
        check.on(path);
    }

    @Test
    void leavesTheOldFileWhenAWeightFails() throws IOException {
        Path path = write();
        byte[] old = Files.readAllBytes(path);
        Pbs2pWriter again = small();
        assertThrows(
                UncheckedIOException.class,
                () -> again.write(path, name -> {
                    if (name.equals("norm")) {
                        throw new UncheckedIOException(new IOException("gone"));
                    }
                    return weights.get(name);
                }));
        assertArrayEquals(old, Files.readAllBytes(path));
        try (Stream<Path> files = Files.list(folder)) {
            assertEquals(List.of(path), files.toList());
        }
    }

    @Test
    void rejectsWeightsThatAreNotAsDeclared() {
        Path path = folder.resolve("x.pbs2p");
        Weight floats = Tensor.of(new float[] {1}, 1);
        assertThrows(
                IllegalArgumentException.class,
                () -> new Pbs2pWriter().dense("a", DType.F16, 2).write(path, name -> floats));
        assertThrows(
                IllegalArgumentException.class,
                () -> new Pbs2pWriter().packed("a", ONE, 1, 1).write(path, name -> floats));
        for (Pbs2pWriter bad : List.of(
                new Pbs2pWriter().dense("a", DType.F32, 1).dense("a", DType.F32, 1),
                new Pbs2pWriter().dense("a", DType.F32, 1).packed("a", ONE, 1, 1),
                new Pbs2pWriter().dense("files/a", DType.F32, 1),
                new Pbs2pWriter().dense("checksums", DType.F32, 1))) {
            assertThrows(IllegalArgumentException.class, () -> bad.write(path, name -> floats));
        }
        assertFalse(Files.exists(path));
    }
}
