package dev.pbs2p.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pbs2p.format.FormatException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

public class TextsTest {

    private static final int ALL = Integer.MAX_VALUE;

    @TempDir
    Path folder;

    /// A file of the test resources, written by `make.py` beside them with Arrow.
    private Path resource(String name) throws IOException {
        Path file = folder.resolve(name);
        try (InputStream in = TextsTest.class.getResourceAsStream(name)) {
            Files.write(file, in.readAllBytes());
        }
        return file;
    }

    private Path gzip(String name, String text) throws IOException {
        Path file = folder.resolve(name);
        try (GZIPOutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
            out.write(text.getBytes(StandardCharsets.UTF_8));
        }
        return file;
    }

    /// Snappy with dictionary pages, Zstandard with plain pages of version 2, and no compression.
    @ParameterizedTest
    @ValueSource(strings = {"wiki-snappy.parquet", "wiki-zstd.parquet", "wiki-plain.parquet"})
    void linesOfWikiTextAreJoinedByBlankLines(String name) throws IOException {
        List<String> lines =
                List.of("", " = Robert = \n", "", " Robert is an English film . \n", " It was naïve 日本 . \n");
        Texts texts = Texts.read(resource(name), ALL);
        String expected = String.join(
                "\n\n",
                Collections.nCopies(40, lines).stream().flatMap(List::stream).toList());
        assertEquals(List.of(expected), texts.documents());
        assertEquals(expected, texts.whole());
        assertEquals(name + ", 200 records \"text\" joined by blank lines", texts.description());
    }

    @Test
    void sentencesOfPtbAreJoinedBySpaces() throws IOException {
        Texts texts = Texts.read(resource("ptb-gzip.parquet"), ALL);
        assertEquals("aer banknote pierre <unk> N years old", texts.whole());
        assertEquals("ptb-gzip.parquet, 2 records \"sentence\" joined by spaces", texts.description());
    }

    @Test
    void documentsOfC4StayApart() throws IOException {
        String line = "{\"text\": \"document %d\\nends\", \"url\": \"x\"}\n";
        StringBuilder shard = new StringBuilder();
        for (int i = 0; i < 1200; i++) {
            shard.append(line.formatted(i));
        }
        for (String name : List.of("c4.json.gz", "c4.jsonl.gz")) {
            Texts texts = Texts.read(gzip(name, shard.toString()), ALL);
            assertEquals(1200, texts.documents().size());
            assertEquals("document 7\nends", texts.documents().get(7));
            assertTrue(texts.whole().startsWith("document 0\nends document 1\nends document 2"));
            assertTrue(texts.whole().endsWith(" document 1099\nends"), "1100 documents are evaluated");
        }
    }

    @Test
    void otherTextIsTakenAsItIs() throws IOException {
        Path file = Files.writeString(folder.resolve("a.txt"), " a\r\n\nnaïve ");
        assertEquals(new Texts(List.of(" a\r\n\nnaïve "), "a.txt"), Texts.read(file, ALL));
        InputStream in = new ByteArrayInputStream(" a\r\n\nnaïve ".getBytes(StandardCharsets.UTF_8));
        assertEquals(new Texts(List.of(" a\r\n\nnaïve "), "standard input"), Texts.read(in, "standard input", ALL));
        Path lines = Files.writeString(folder.resolve("a.jsonl"), "{\"text\": \"one\"}\n\n{\"text\": \"two\"}");
        assertEquals("one\n\ntwo", Texts.read(lines, ALL).whole());
        assertEquals("one", Texts.read(lines, 3).whole());
    }

    @Test
    void nestedRecordsBecomeMapsAndLists() throws IOException {
        try (Records records = Records.open(resource("arc-snappy.parquet"))) {
            assertEquals(
                    Map.of(
                            "id", "Mercury_1",
                            "question", "Which is hot?",
                            "choices", Map.of("text", List.of("ice", "fire"), "label", List.of("A", "B")),
                            "answerKey", "B",
                            "number", 7L),
                    records.next());
            Map<String, ?> second = records.next();
            assertEquals(List.of("snow", "sun", "sand"), ((Map<?, ?>) second.get("choices")).get("text"));
            assertTrue(second.containsKey("number") && second.get("number") == null);
            assertFalse(records.hasNext());
        }
    }

    private static void refuses(String said, Path file) {
        FormatException e = assertThrows(FormatException.class, () -> Texts.read(file, ALL));
        assertTrue(e.getMessage().contains(said), e.getMessage());
        assertTrue(e.getMessage().contains(file.toString()), e.getMessage());
    }

    @Test
    void whatCannotBeReadIsSaid() throws IOException {
        for (String name : List.of("no.txt", "no.jsonl", "no.json.gz", "no.parquet")) {
            refuses("there is no", folder.resolve(name));
        }
        refuses(
                "has no string \"text\" (or \"sentence\"); it has id, question, choices",
                resource("arc-snappy.parquet"));
        refuses("has no records", Files.writeString(folder.resolve("empty.jsonl"), "\n\n"));
        refuses("UTF-8", Files.write(folder.resolve("bad.txt"), new byte[] {(byte) 0xff}));
        refuses("cannot read", Files.writeString(folder.resolve("bad.json.gz"), "not compressed"));
        refuses("is not a usable Parquet file", Files.writeString(folder.resolve("bad.parquet"), "PAR1 no, PAR1"));
        byte[] good = Files.readAllBytes(gzip("good.json.gz", "{\"text\": \"a\"}\n".repeat(1000)));
        refuses("cannot read", Files.write(folder.resolve("cut.json.gz"), Arrays.copyOf(good, good.length / 2)));
    }

    @Test
    void damagedParquetIsRefused() throws IOException {
        SplittableRandom random = new SplittableRandom(1);
        byte[] good = Files.readAllBytes(resource("wiki-snappy.parquet"));
        Path file = folder.resolve("damaged.parquet");
        for (int run = 0; run < 100; run++) {
            byte[] bad = Arrays.copyOf(good, run % 3 == 0 ? random.nextInt(good.length) : good.length);
            for (int i = 0; i < 3 && bad.length > 0; i++) {
                bad[random.nextInt(bad.length)] = (byte) random.nextInt();
            }
            Files.write(file, bad);
            try {
                Texts.read(file, ALL);
            } catch (FormatException e) {
                assertTrue(e.getMessage().contains(file.toString()), e.getMessage());
            }
        }
    }
}
