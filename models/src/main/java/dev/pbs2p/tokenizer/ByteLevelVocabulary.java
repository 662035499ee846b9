package dev.pbs2p.tokenizer;

import dev.pbs2p.format.FormatException;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// A vocabulary of byte pairs over bytes, as GPT-2 and LLaMA-3 have it, from a file that is no `tokenizer.json`.
///
/// @param tokens spelled with one visible character a byte (`Ġ` is the space)
/// @param merges pairs that join, first the ones that join first, each with a space between its halves
/// @param split the name, among [#SPLITS], of the rule that cuts a text into words, which never join
public record ByteLevelVocabulary(List<VocabularyToken> tokens, List<String> merges, String split) {

    private static final JsonMapper JSON = JsonMapper.builder().build();

    /// @param pattern what a word is; empty for GPT-2's rule
    /// @param digits whether every digit is a word first
    /// @param whole whether a word that is a token is not put together from merges
    private record Split(String pattern, boolean digits, boolean whole) {}

    private static final Map<String, Split> SPLITS = Map.of(
            "gpt-2",
            new Split("", false, false),
            "smollm",
            new Split("", true, false),
            "llama-bpe",
            new Split(
                    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}"
                            + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
                    false,
                    true),
            "tekken",
            new Split(
                    "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+"
                            + "|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*"
                            + "|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
                    false,
                    true));

    /// @throws FormatException if there is no such rule
    public ByteLevelVocabulary {
        tokens = List.copyOf(tokens);
        merges = List.copyOf(merges);
        if (!SPLITS.containsKey(split)) {
            throw new FormatException("the rule " + split + ", by which its tokenizer cuts a text into words, is not"
                    + " one of " + String.join(", ", new TreeSet<>(SPLITS.keySet())) + ", which are known");
        }
    }

    /// The `tokenizer.json` that means the same.
    public String tokenizerJson() {
        Split rule = SPLITS.getOrDefault(split, new Split("", false, false));
        ObjectNode root = JSON.createObjectNode().put("version", "1.0");
        ObjectNode vocabulary = JSON.createObjectNode();
        VocabularyToken.write(tokens, root.putArray("added_tokens"), vocabulary);
        ArrayNode steps =
                root.putObject("pre_tokenizer").put("type", "Sequence").putArray("pretokenizers");
        if (rule.digits()) {
            steps.addObject().put("type", "Digits").put("individual_digits", true);
        }
        if (!rule.pattern().isEmpty()) {
            ObjectNode step = steps.addObject()
                    .put("type", "Split")
                    .put("behavior", "Isolated")
                    .put("invert", false);
            step.putObject("pattern").put("Regex", rule.pattern());
        }
        byteLevel(steps.addObject(), rule.pattern().isEmpty());
        byteLevel(root.putObject("decoder"), true);
        ObjectNode model = root.putObject("model").put("type", "BPE");
        model.put("fuse_unk", false).put("byte_fallback", false).put("ignore_merges", rule.whole());
        model.set("vocab", vocabulary);
        ArrayNode pairs = model.putArray("merges");
        for (String merge : merges) {
            int space = merge.indexOf(' ', 1);
            pairs.addArray().add(merge.substring(0, Math.max(0, space))).add(merge.substring(space + 1));
        }
        return JSON.writeValueAsString(root);
    }

    private static void byteLevel(ObjectNode node, boolean splits) {
        node.put("type", "ByteLevel")
                .put("add_prefix_space", false)
                .put("trim_offsets", true)
                .put("use_regex", splits);
    }
}
