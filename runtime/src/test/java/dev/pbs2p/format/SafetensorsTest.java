package dev.pbs2p.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pbs2p.format.SafetensorsWriter.Declared;
import dev.pbs2p.tensor.DType;
import dev.pbs2p.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class SafetensorsTest {

    @TempDir
    Path folder;

    @Test
    void readsBackWhatWasWritten() throws IOException {
        Path path = folder.resolve("model.safetensors");
        List<Declared> declared = List.of(
                Declared.of("odd", DType.U8, 3),
                Declared.of("halves", DType.F16, 5),
                Declared.of("floats", DType.F32, 3, 1),
                Declared.of("aligned", DType.U8, 2, 64),
                Declared.of("scalar", DType.F32),
                Declared.of("nothing", DType.F32, 0, 7));
        Map<String, String> metadata = Map.of("quote\"\\\n", "Grüße 🦙");
        try (var writer = new SafetensorsWriter(path, metadata, declared)) {
            writer.write("scalar", Tensor.of(new float[] {2.5f}).data());
            writer.write("odd", bytes(1, 2, 3));
            writer.write("nothing", bytes());
            writer.write("halves", MemorySegment.ofArray(new short[] {1, 2, 3, 4, 5}));
            writer.write("aligned", MemorySegment.ofArray(new byte[128]));
            writer.write("floats", Tensor.of(new float[] {1, -2, 3e-3f}, 3).data());
            writer.commit();
        }
        try (Safetensors file = Safetensors.open(path)) {
            assertEquals(metadata, file.metadata());
            assertEquals(
                    List.of("nothing", "aligned", "floats", "scalar", "halves", "odd").stream()
                            .sorted()
                            .toList(),
                    file.names().stream().sorted().toList());
            assertEquals(DType.F32, file.tensor("floats").dtype());
            assertArrayEquals(new long[] {3, 1}, file.tensor("floats").shape());
            assertArrayEquals(new float[] {1, -2, 3e-3f}, file.tensor("floats").toFloats());
            assertArrayEquals(new float[] {2.5f}, file.tensor("scalar").toFloats());
            assertEquals(3, file.tensor("odd").data().get(ValueLayout.JAVA_BYTE, 2));
            assertEquals(0, file.offset("aligned") % 64);
            for (String name : file.names()) {
                assertEquals(0, file.offset(name) % file.tensor(name).dtype().bytes(), name);
            }
            FormatException e = assertThrows(FormatException.class, () -> file.tensor("absent"));
            assertEquals(path + " has no tensor absent among its 6", e.getMessage());
        }
        assertEquals(List.of(path), listing());
    }

    @Test
    void readsJsonAsOthersWriteIt() throws IOException {
        Path path = file(
                " {\n\t\"a\\u0062\\/\" : { \"shape\" : [ 2 , 1 ],\r\n \"data_offsets\":[1,3],\"dtype\":\"U8\" } , "
                        + "\"c\":{\"dtype\":\"BOOL\",\"shape\":[],\"data_offsets\":[0,1]} }  ",
                3);
        try (Safetensors file = Safetensors.open(path)) {
            assertEquals(List.of("c", "ab/"), List.copyOf(file.names()));
        }
    }

    static Stream<Arguments> damage() {
        String nested = "[".repeat(100_000);
        return Stream.of(
                Arguments.of("", 0, "the header ends at character 0 where '{' should be"),
                Arguments.of("{", 0, "the header ends at character 1 where '\"' should be"),
                Arguments.of("{} x", 0, "the header has 'x' at character 3 where the end should be"),
                Arguments.of("{}\0", 0, "the header has character 0 at character 2 where the end should be"),
                Arguments.of("[]", 0, "the header has '[' at character 0 where '{' should be"),
                Arguments.of(nested, 0, "the header has '[' at character 0 where '{' should be"),
                Arguments.of(tensor("U8", nested, "0,0"), 0, "where a whole number should be"),
                Arguments.of("{\"a\":" + "{\"a\":".repeat(100_000), 0, "the tensor a has the unknown field a"),
                Arguments.of(tensor("U8", "[2]", "0,2").replace("}}", "},}"), 2, "where '\"' should be"),
                Arguments.of(tensor("U8", "[2,]", "0,2"), 2, "where a whole number should be"),
                Arguments.of(tensor("U8", "[02]", "0,2"), 2, "where a whole number should be"),
                Arguments.of(tensor("U8", "[2.0]", "0,2"), 2, "where ',' should be"),
                Arguments.of(tensor("U8", "[-2]", "0,2"), 2, "a negative number at character"),
                Arguments.of(tensor("U8", "[9223372036854775808]", "0,2"), 2, "a number beyond 2^63 at character"),
                Arguments.of(
                        tensor("F32", "[4611686018427387904,2]", "0,0"),
                        0,
                        "the tensor a claims [4611686018427387904, 2] elements, more than any file holds"),
                Arguments.of(
                        tensor("F32", "[2]", "0,7"),
                        7,
                        "the tensor a of F32[2] needs 8 bytes, but the header gives it"),
                Arguments.of(tensor("U8", "[2]", "3,1"), 2, "needs 2 bytes, but the header gives it bytes 3 to 1"),
                Arguments.of(
                        tensor("U8", "[2]", "0,2"),
                        1,
                        "the header describes 2 bytes of data, but the file has 1: it is truncated"),
                Arguments.of(
                        tensor("U8", "[2]", "0,2"),
                        3,
                        "the header describes 2 bytes of data, but the file has 3: something was appended to it"),
                Arguments.of(
                        tensor("U8", "[2]", "1,3"),
                        3,
                        "the tensor a begins at byte 1 of the data, but the tensors before it end at 0"),
                Arguments.of(
                        "{\"a\":" + body("U8", "[2]", "0,2") + ",\"b\":" + body("U8", "[2]", "1,3") + "}",
                        3,
                        "the tensor b begins at byte 1 of the data, but the tensors before it end at 2"),
                Arguments.of(
                        "{\"a\":" + body("U8", "[0]", "0,0") + ",\"a\":" + body("U8", "[0]", "0,0") + "}",
                        0,
                        "the header has the tensor a twice"),
                Arguments.of("{\"__metadata__\":{\"k\":\"\",\"k\":\"\"}}", 0, "the header has the metadata k twice"),
                Arguments.of("{\"__metadata__\":{\"k\":1}}", 0, "the header has '1' at character 21 where '\"'"),
                Arguments.of(
                        "{\"a\":{\"dtype\":\"U8\",\"dtype\":\"U8\"}}", 0, "the tensor a has the field dtype twice"),
                Arguments.of("{\"a\":{\"dtype\":\"U8\",\"shape\":[]}}", 1, "the tensor a needs the fields dtype"),
                Arguments.of(tensor("U8", "[]", "0"), 1, "the tensor a needs the fields dtype"),
                Arguments.of(tensor("F7", "[]", "0,1"), 1, "the tensor a has the element type F7, not one of [F64,"),
                Arguments.of(
                        tensor("U8", "[" + "1,".repeat(16) + "1]", "0,1"),
                        1,
                        "the tensor a has more than 16 dimensions"),
                Arguments.of("{\"\\ud83d\":1}", 0, "half a character in the string at character 2"),
                Arguments.of("{\"\\x\":1}", 0, "where an escape that JSON knows should be"),
                Arguments.of("{\"\\u12g4\":1}", 0, "where four hexadecimal digits should be"),
                Arguments.of("{\"a\nb\":1}", 0, "where a string without control characters should be"),
                Arguments.of("{\"a", 0, "where the end of a string should be"));
    }

    @ParameterizedTest
    @MethodSource("damage")
    void saysWhatIsWrongWithAHeader(String json, int dataBytes, String message) throws IOException {
        assertRejected(file(json, dataBytes), message);
    }

    @Test
    void saysWhatIsWrongWithAFile() throws IOException {
        assertRejected(folder, "it is a directory");
        assertRejected(folder.resolve("absent"), "there is no such file");
        assertRejected(raw(new byte[0]), "it has 0 bytes, but begins with a header length of 8 bytes");
        assertRejected(raw(new byte[7]), "it has 7 bytes, but begins with a header length of 8 bytes");
        assertRejected(claiming(1L << 60), "its header claims 1152921504606846976 bytes, but the file has 10");
        assertRejected(claiming(-1), "its header claims 18446744073709551615 bytes, but the file has 10");
        assertRejected(claiming(3), "its header claims 3 bytes, but the file has 10");
        byte[] latin = "\0\0\0\0\0\0\0\0{\"\u00e9\":1}".getBytes(StandardCharsets.ISO_8859_1);
        latin[0] = (byte) (latin.length - 8);
        assertRejected(raw(latin), "its header is not UTF-8 text");
    }

    @Test
    void leavesTheOldFileWhenWritingFails() throws IOException {
        Path path = raw("old".getBytes(StandardCharsets.UTF_8));
        List<Declared> declared = List.of(Declared.of("a", DType.U8, 64), Declared.of("b", DType.U8, 64));
        try (var writer = new SafetensorsWriter(path, Map.of(), declared)) {
            writer.write("a", MemorySegment.ofArray(new byte[64]));
            assertThrows(IllegalArgumentException.class, () -> writer.write("b", bytes(1)));
            assertThrows(IllegalArgumentException.class, () -> writer.write("c", bytes(1)));
            assertThrows(IllegalArgumentException.class, () -> writer.write("a", MemorySegment.ofArray(new byte[64])));
            assertThrows(IllegalStateException.class, writer::commit);
        }
        assertEquals("old", Files.readString(path));
        assertEquals(List.of(path), listing());
    }

    @Test
    void saysWhyItCannotWrite() {
        Path path = folder.resolve("absent/model.safetensors");
        IOException e = assertThrows(IOException.class, () -> new SafetensorsWriter(path, Map.of(), List.of()));
        assertEquals("cannot write " + path + ": its directory does not exist", e.getMessage());
        Path target = folder.resolve("x");
        List<Declared> twice = List.of(Declared.of("a", DType.U8, 1), Declared.of("a", DType.U8, 1));
        assertThrows(IllegalArgumentException.class, () -> new SafetensorsWriter(target, Map.of(), twice));
        List<Declared> negative = List.of(Declared.of("a", DType.U8, -1, -1));
        assertThrows(IllegalArgumentException.class, () -> new SafetensorsWriter(target, Map.of(), negative));
        List<Declared> huge = List.of(Declared.of("a", DType.F32, Long.MAX_VALUE));
        assertThrows(IllegalArgumentException.class, () -> new SafetensorsWriter(target, Map.of(), huge));
    }

    private static String tensor(String dtype, String shape, String offsets) {
        return "{\"a\":" + body(dtype, shape, offsets) + "}";
    }

    private static String body(String dtype, String shape, String offsets) {
        return "{\"dtype\":\"" + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":[" + offsets + "]}";
    }

    private Path file(String json, int dataBytes) throws IOException {
        byte[] header = json.getBytes(StandardCharsets.UTF_8);
        ByteBuffer bytes = ByteBuffer.allocate(8 + header.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
        return raw(bytes.putLong(header.length).put(header).array());
    }

    private Path claiming(long length) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(10).order(ByteOrder.LITTLE_ENDIAN);
        return raw(bytes.putLong(length).put((byte) '{').put((byte) '}').array());
    }

    private Path raw(byte[] content) throws IOException {
        return Files.write(folder.resolve("given.safetensors"), content);
    }

    private static MemorySegment bytes(int... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return MemorySegment.ofArray(bytes);
    }

    private static void assertRejected(Path path, String message) {
        FormatException e = assertThrows(FormatException.class, () -> Safetensors.open(path));
        assertTrue(e.getMessage().startsWith(path + " is not") || e.getMessage().startsWith("cannot read " + path));
        assertTrue(e.getMessage().contains(message), e.getMessage());
    }

    private List<Path> listing() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.toList();
        }
    }
}
