package dev.pbs2p.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pbs2p.format.FormatException;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

final class TokenizerTest {

    private static final JsonMapper JSON = JsonMapper.builder().build();

    @Test
    void demoVocabularyGivesTheReferenceIds() throws IOException {
        try (Tokenizer tokenizer = Tokenizer.of(SideFiles.demo());
                InputStream in = TokenizerTest.class.getResourceAsStream("demo-cases.json")) {
            for (JsonNode item : JSON.readTree(in)) {
                String text = item.get("text").stringValue();
                int[] ids = JSON.treeToValue(item.get("ids"), int[].class);
                assertArrayEquals(ids, tokenizer.encode(text, false), text);
                assertEquals(text, tokenizer.decode(ids));
                int[] withBos = tokenizer.encode(text, true);
                assertEquals(4094, withBos[0]);
                assertEquals(ids.length + 1, withBos.length);
            }
        }
    }

    @Test
    void specialTokensComeFromTheSideFiles() {
        try (Tokenizer tokenizer = Tokenizer.of(SideFiles.demo())) {
            assertEquals(OptionalInt.of(4094), tokenizer.bos());
            assertEquals(Set.of(4095), tokenizer.eos());
            assertEquals("<|end_of_text|>", tokenizer.specialTokens().get("eos_token"));
            assertArrayEquals(new int[] {4095}, tokenizer.encode("<|end_of_text|>", false));
            assertEquals("", tokenizer.decode(4094, 4095));
        }
    }

    @Test
    void endTokensMayBeAList() {
        SideFiles files = SideFiles.sentencePiece()
                .with("config.json", "{\"eos_token_id\":7}")
                .with("generation_config.json", "{\"eos_token_id\":[2,5,260]}");
        try (Tokenizer tokenizer = Tokenizer.of(files)) {
            assertEquals(Set.of(2, 5, 260), tokenizer.eos());
        }
        files = SideFiles.sentencePiece().with("config.json", "{\"eos_token_id\":7}");
        try (Tokenizer tokenizer = Tokenizer.of(files)) {
            assertEquals(Set.of(2, 7), tokenizer.eos());
        }
    }

    @Test
    void tokenizerConfigDecidesAboutTheFirstToken() {
        String tokens = "{\"bos_token\":\"<s>\",\"eos_token\":\"</s>\",\"add_bos_token\":%s}";
        for (boolean add : new boolean[] {true, false}) {
            SideFiles files = SideFiles.sentencePiece().with("tokenizer_config.json", tokens.formatted(add));
            try (Tokenizer tokenizer = Tokenizer.of(files)) {
                assertEquals(
                        add ? 1 : tokenizer.encode("the", false)[0], tokenizer.encode("the", true)[0]);
            }
        }
    }

    @Test
    void piecesShowTheVocabulary() {
        try (Tokenizer tokenizer = Tokenizer.of(SideFiles.sentencePiece())) {
            assertEquals(List.of("<s>", "▁the", "▁", "c", "ab"), tokenizer.pieces("the cab", true));
        }
    }

    @Test
    void sentencePieceTextsSurviveTheRoundTrip() {
        try (Tokenizer tokenizer = Tokenizer.of(SideFiles.sentencePiece())) {
            for (String text : List.of("the cab", "  the", "naïve 日本 😀 ok", "a\n\tb", "")) {
                assertEquals(text, tokenizer.decode(tokenizer.encode(text, true)), text);
            }
        }
    }

    @Test
    void halfASurrogatePairIsReplaced() {
        try (Tokenizer tokenizer = Tokenizer.of(SideFiles.demo())) {
            assertEquals("a\uFFFDb😀", tokenizer.decode(tokenizer.encode("a\uD83Db😀", false)));
        }
    }

    @Test
    void megabytesAreEncodedInSeconds() {
        String text = "It was the best of times, it was the worst of times; 1859.\n".repeat(35_000); // 2 MB
        try (Tokenizer bpe = Tokenizer.of(SideFiles.demo());
                Tokenizer spm = Tokenizer.of(SideFiles.sentencePiece())) {
            for (Tokenizer tokenizer : List.of(bpe, spm)) {
                long start = System.nanoTime();
                int[] ids = tokenizer.encode(text, false);
                assertTrue(System.nanoTime() - start < 30e9, "encoding 2 MB took more than 30 s");
                assertEquals(text, tokenizer.decode(ids));
            }
        }
    }

    @Test
    void badFilesAreReportedInOneSentence() {
        FormatException missing =
                assertThrows(FormatException.class, () -> Tokenizer.of(new SideFiles().with("config.json", "{}")));
        assertTrue(missing.getMessage().contains("no tokenizer.json"), missing.getMessage());
        for (String json : List.of("{", "[]", "{\"model\":{\"type\":\"Odd\"}}", "")) {
            FormatException bad = assertThrows(
                    FormatException.class, () -> Tokenizer.of(new SideFiles().with("tokenizer.json", json)));
            assertTrue(bad.getMessage().startsWith("test files: tokenizer.json cannot be used: "), bad.getMessage());
        }
        FormatException config = assertThrows(
                FormatException.class,
                () -> Tokenizer.of(SideFiles.sentencePiece().with("generation_config.json", "{oops")));
        assertTrue(config.getMessage().startsWith("test files: generation_config.json is not valid JSON"));
    }

    @Test
    void aClosedTokenizerSaysSo() {
        Tokenizer tokenizer = Tokenizer.of(SideFiles.sentencePiece());
        tokenizer.close();
        tokenizer.close();
        assertThrows(IllegalStateException.class, () -> tokenizer.encode("a", false));
    }

    @Test
    void anUnknownTokenThatIsNotInTheVocabularyIsReported() {
        SideFiles files = new SideFiles()
                .with(
                        "tokenizer.json",
                        "{\"version\":\"1.0\",\"model\":{\"type\":\"WordLevel\",\"vocab\":{\"a\":0},\"unk_token\":\"<unk>\"}}");
        try (Tokenizer tokenizer = Tokenizer.of(files)) {
            FormatException e = assertThrows(FormatException.class, () -> tokenizer.encode("b", false));
            assertTrue(e.getMessage().startsWith("the tokenizer cannot encode text: "), e.getMessage());
        }
    }

    /// The native library would end the process.
    @ParameterizedTest
    @CsvSource({"SpecialToken,<t>,the token", "Sequence,B,the sequence"})
    void aPostProcessorThatNamesWhatItDoesNotHaveIsRefused(String kind, String id, String seen) {
        String piece = "{\"" + kind + "\":{\"id\":\"" + id + "\",\"type_id\":0}}";
        String template = "{\"type\":\"TemplateProcessing\",\"single\":[{\"Sequence\":{\"id\":\"A\",\"type_id\":0}},"
                + piece + "],\"pair\":[],\"special_tokens\":{}}";
        for (String processor : List.of(template, "{\"type\":\"Sequence\",\"processors\":[" + template + "]}")) {
            SideFiles files = new SideFiles()
                    .with(
                            "tokenizer.json",
                            "{\"version\":\"1.0\",\"post_processor\":" + processor
                                    + ",\"model\":{\"type\":\"WordLevel\",\"vocab\":{\"a\":0},\"unk_token\":\"a\"}}");
            FormatException e = assertThrows(FormatException.class, () -> Tokenizer.of(files));
            assertTrue(e.getMessage().contains("post_processor names " + seen + " \"" + id + "\""), e.getMessage());
        }
    }
}
