package dev.pbs2p.weights;

import dev.pbs2p.format.FormatException;
import dev.pbs2p.tokenizer.ByteLevelVocabulary;
import dev.pbs2p.tokenizer.SentencePieceVocabulary;
import dev.pbs2p.tokenizer.VocabularyToken;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// Writes the tokenizer files of a Hugging Face directory from the values of a GGUF file.
final class GgufTokenizer {

    private static final String MODEL = "tokenizer.ggml.model";
    private static final String SPLIT = "tokenizer.ggml.pre";
    private static final String TOKENS = "tokenizer.ggml.tokens";
    private static final String SCORES = "tokenizer.ggml.scores";
    private static final String KINDS = "tokenizer.ggml.token_type";
    private static final String BEGIN = "tokenizer.ggml.bos_token_id";
    private static final String WHOLE = "tokenizer.huggingface.json";

    /// Keys of special tokens by their name in tokenizer_config.json.
    private static final Map<String, String> ROLES = Map.of(
            "bos_token", BEGIN,
            "eos_token", "tokenizer.ggml.eos_token_id",
            "unk_token", "tokenizer.ggml.unknown_token_id",
            "pad_token", "tokenizer.ggml.padding_token_id");

    /// Rules of byte-level vocabularies whose texts begin with BOS unless the file says otherwise.
    private static final Set<String> BEGINS = Set.of("llama-bpe", "tekken");

    private final GgufValues values;

    GgufTokenizer(GgufValues values) {
        this.values = values;
    }

    /// `tokenizer.json`; empty if the file has no tokenizer.
    ///
    /// @throws FormatException if it has one of a kind that is not known, or parts of it are missing
    Optional<String> json() {
        if (values.has(WHOLE)) {
            return values.text(WHOLE);
        }
        return values.text(MODEL).map(model -> switch (model) {
            case "llama" -> sentencePiece().tokenizerJson();
            case "gpt2" -> byteLevel().tokenizerJson();
            default -> throw values.unusable(MODEL, "llama or gpt2, the tokenizers that are known");
        });
    }

    /// `tokenizer_config.json`: special tokens and the chat template.
    String config() {
        List<String> tokens = values.list(TOKENS, String.class);
        ObjectNode config = JsonMapper.shared().createObjectNode();
        ROLES.forEach((role, key) -> values.number(key).ifPresent(id -> {
            if (id < tokens.size()) {
                config.put(role, tokens.get(id));
            }
        }));
        boolean begins = values.text(MODEL).equals(Optional.of("llama")) || BEGINS.contains(split());
        config.put("add_bos_token", values.flag("tokenizer.ggml.add_bos_token", begins));
        values.text("tokenizer.chat_template").ifPresent(template -> config.put("chat_template", template));
        return config.toString();
    }

    private SentencePieceVocabulary sentencePiece() {
        List<VocabularyToken> tokens = tokens(values.list(SCORES, Double.class));
        OptionalInt begin = values.number(BEGIN);
        int unknown = values.number("tokenizer.ggml.unknown_token_id").orElse(0);
        if (Math.max(unknown, begin.orElse(0)) >= tokens.size()) {
            throw values.unusable(TOKENS, "a list with the unknown token and the one that begins a text");
        }
        return new SentencePieceVocabulary(
                tokens, unknown, begin, values.flag("tokenizer.ggml.add_space_prefix", true));
    }

    private ByteLevelVocabulary byteLevel() {
        try {
            return new ByteLevelVocabulary(
                    tokens(List.of()), values.list("tokenizer.ggml.merges", String.class), split());
        } catch (FormatException e) {
            throw new FormatException(values.source() + ": " + e.getMessage(), e);
        }
    }

    /// The rule that cuts a text into words, by its newest name.
    private String split() {
        String name = values.text(SPLIT).orElse("default");
        return name.equals("llama3") || name.equals("llama-v3") ? "llama-bpe" : name;
    }

    private List<VocabularyToken> tokens(List<Double> scores) {
        List<String> texts = values.list(TOKENS, String.class);
        List<Long> kinds = values.list(KINDS, Long.class);
        if (texts.isEmpty()) {
            throw values.unusable(TOKENS, "the texts of the tokens");
        }
        List<VocabularyToken> tokens = new ArrayList<>(texts.size());
        for (int id = 0; id < texts.size(); id++) {
            float score = id < scores.size() ? scores.get(id).floatValue() : 0;
            int kind = id < kinds.size() ? kinds.get(id).intValue() : 1;
            tokens.add(new VocabularyToken(texts.get(id), score, VocabularyToken.Kind.of(kind)));
        }
        return tokens;
    }
}
