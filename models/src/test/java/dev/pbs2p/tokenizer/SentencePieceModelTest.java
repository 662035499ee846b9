package dev.pbs2p.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pbs2p.format.FormatException;
import dev.pbs2p.model.SharedFiles;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

final class SentencePieceModelTest {

    private static final String TOKENS = "{\"bos_token\":\"<s>\",\"eos_token\":\"</s>\"}";

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    private void bytes(int field, byte[] value) {
        out.write(field << 3 | 2);
        out.write(value.length); // short enough for one byte
        out.writeBytes(value);
    }

    private void piece(String text, float score, int type) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        ByteBuffer message = ByteBuffer.allocate(utf8.length + 9).order(ByteOrder.LITTLE_ENDIAN);
        message.put((byte) 0x0A).put((byte) utf8.length).put(utf8);
        message.put((byte) 0x15).putFloat(score);
        message.put((byte) 0x18).put((byte) type);
        bytes(1, message.array());
    }

    /// The vocabulary of [SideFiles#sentencePiece], as SentencePiece would store it.
    private byte[] small() {
        JsonNode json = JsonMapper.shared()
                .readTree(SideFiles.sentencePiece().file("tokenizer.json").orElseThrow());
        int merged = 0;
        for (String text : json.at("/model/vocab").propertyNames()) {
            boolean isByte = text.startsWith("<0x");
            int type = text.equals("<unk>") ? 2 : text.startsWith("<") && !isByte ? 3 : isByte ? 6 : 1;
            boolean isMerge = type == 1 && text.length() > 1;
            piece(text, isMerge ? -merged++ : type == 1 ? -1000 : 0, type);
        }
        bytes(2, new byte[] {0x18, 2, (byte) 0xC0, 2, 0, (byte) 0xC8, 2, 1}); // BPE; <unk> is 0, <s> is 1
        bytes(3, new byte[] {0x18, 1}); // a space before the text
        return out.toByteArray();
    }

    private static SideFiles files(byte[] model) {
        return new SideFiles().with("tokenizer.model", model).with("tokenizer_config.json", TOKENS);
    }

    @Test
    void aModelGivesTheIdsOfTheEquivalentJson() {
        try (Tokenizer model = Tokenizer.of(files(small()));
                Tokenizer json = Tokenizer.of(SideFiles.sentencePiece())) {
            for (String text : List.of("the cab", "  the", " ", "naïve 日本 😀 ok", "a\n\tb", "", "<s>the</s> the")) {
                assertArrayEquals(json.encode(text, true), model.encode(text, true), text);
                assertEquals(json.decode(json.encode(text, true)), model.decode(model.encode(text, true)));
            }
            assertEquals(json.eos(), model.eos());
            assertEquals(json.bos(), model.bos());
        }
    }

    @Test
    void llama2sVocabularyGivesThePublishedIds() throws IOException {
        Path folder = SharedFiles.shared("data/tokenizers");
        try (Tokenizer tokenizer = Tokenizer.of(files(Files.readAllBytes(folder.resolve("llama2-tokenizer.model"))))) {
            assertEquals(1, tokenizer.bos().orElseThrow());
            PublishedIds.assertSame("ggml-vocab-llama-spm.gguf", tokenizer);
        }
    }

    @Test
    void otherKindsAreRefused() {
        piece("<unk>", 0, 2);
        bytes(2, new byte[] {0x18, 1}); // unigram
        FormatException e = assertThrows(FormatException.class, () -> Tokenizer.of(files(out.toByteArray())));
        assertTrue(e.getMessage().startsWith("test files: tokenizer.model is not of the kind"), e.getMessage());
    }

    @Test
    void damagedModelsAreReported() {
        byte[] good = small();
        SplittableRandom random = new SplittableRandom(1);
        for (int run = 0; run < 2000; run++) {
            byte[] bad = Arrays.copyOf(good, random.nextInt(good.length));
            for (int i = random.nextInt(4); i > 0 && bad.length > 0; i--) {
                bad[random.nextInt(bad.length)] = (byte) random.nextInt();
            }
            try {
                SentencePieceModel.tokenizerJson(bad);
            } catch (FormatException e) {
                assertTrue(e.getMessage().startsWith("tokenizer.model "), e.getMessage());
            }
        }
        assertThrows(FormatException.class, () -> Tokenizer.of(files("not a model".getBytes(StandardCharsets.UTF_8))));
        assertThrows(FormatException.class, () -> Tokenizer.of(files(new byte[0])));
        bytes(3, new byte[] {0x1a, 0}); // a string where the normaliser has a number
        assertThrows(FormatException.class, () -> SentencePieceModel.tokenizerJson(out.toByteArray()));
    }
}
