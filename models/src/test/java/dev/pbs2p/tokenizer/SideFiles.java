package dev.pbs2p.tokenizer;

import dev.pbs2p.tensor.Checkpoint;
import dev.pbs2p.tensor.Weight;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// A checkpoint of small files alone.
public final class SideFiles implements Checkpoint {

    private final Map<String, byte[]> files = new HashMap<>();

    public SideFiles() {}

    /// Adds a file.
    public SideFiles with(String name, String text) {
        return with(name, text.getBytes(StandardCharsets.UTF_8));
    }

    public SideFiles with(String name, byte[] content) {
        files.put(name, content);
        return this;
    }

    /// The JSON files of a folder.
    public static SideFiles of(Path folder) {
        SideFiles files = new SideFiles();
        try (var list = Files.list(folder)) {
            for (Path file : list.filter(f -> f.toString().endsWith(".json")).toList()) {
                files.with(file.getFileName().toString(), Files.readString(file));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return files;
    }

    /// The bundled demo model.
    public static SideFiles demo() {
        return of(Path.of("demo"));
    }

    /// A small SentencePiece-style vocabulary: `<unk>`, `<s>`, `</s>`, 256 bytes, `▁`, letters, and a few merges.
    public static SideFiles sentencePiece() {
        String[] merges = {"▁ t", "▁t h", "▁th e", "a b", "▁ ▁"};
        StringBuilder vocab = new StringBuilder("\"<unk>\":0,\"<s>\":1,\"</s>\":2");
        int id = 3;
        for (int b = 0; b < 256; b++) {
            vocab.append(String.format(",\"<0x%02X>\":%d", b, id++));
        }
        for (String piece : "▁ a b c d e f g h i j k l m n o p q r s t u v w x y z . ,".split(" ")) {
            vocab.append(",\"").append(piece).append("\":").append(id++);
        }
        StringBuilder pairs = new StringBuilder();
        for (String merge : merges) {
            vocab.append(",\"").append(merge.replace(" ", "")).append("\":").append(id++);
            pairs.append(pairs.isEmpty() ? "" : ",").append('"').append(merge).append('"');
        }
        String special = "{\"id\":%d,\"content\":\"%s\",\"single_word\":false,\"lstrip\":false,\"rstrip\":false,"
                + "\"normalized\":false,\"special\":true}";
        return new SideFiles()
                .with(
                        "tokenizer.json",
                        "{\"version\":\"1.0\",\"truncation\":null,\"padding\":null,\"added_tokens\":["
                                + special.formatted(0, "<unk>") + "," + special.formatted(1, "<s>") + ","
                                + special.formatted(2, "</s>")
                                + "],\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":["
                                + "{\"type\":\"Prepend\",\"prepend\":\"▁\"},"
                                + "{\"type\":\"Replace\",\"pattern\":{\"String\":\" \"},\"content\":\"▁\"}]},"
                                + "\"pre_tokenizer\":null,\"post_processor\":{\"type\":\"TemplateProcessing\",\"single\":["
                                + "{\"SpecialToken\":{\"id\":\"<s>\",\"type_id\":0}},{\"Sequence\":{\"id\":\"A\",\"type_id\":0}}],"
                                + "\"pair\":[],\"special_tokens\":{\"<s>\":{\"id\":\"<s>\",\"ids\":[1],\"tokens\":[\"<s>\"]}}},"
                                + "\"decoder\":{\"type\":\"Sequence\",\"decoders\":["
                                + "{\"type\":\"Replace\",\"pattern\":{\"String\":\"▁\"},\"content\":\" \"},"
                                + "{\"type\":\"ByteFallback\"},{\"type\":\"Fuse\"},"
                                + "{\"type\":\"Strip\",\"content\":\" \",\"start\":1,\"stop\":0}]},"
                                + "\"model\":{\"type\":\"BPE\",\"dropout\":null,\"unk_token\":\"<unk>\","
                                + "\"continuing_subword_prefix\":null,\"end_of_word_suffix\":null,\"fuse_unk\":true,"
                                + "\"byte_fallback\":true,\"ignore_merges\":false,\"vocab\":{" + vocab
                                + "},\"merges\":["
                                + pairs + "]}}")
                .with("tokenizer_config.json", "{\"bos_token\":\"<s>\",\"eos_token\":{\"content\":\"</s>\"}}");
    }

    @Override
    public String source() {
        return "test files";
    }

    @Override
    public Set<String> names() {
        return Set.of();
    }

    @Override
    public Weight weight(String name) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Optional<byte[]> file(String name) {
        return Optional.ofNullable(files.get(name));
    }

    @Override
    public void close() {}
}
