package dev.pbs2p.tokenizer;

import dev.pbs2p.tokenizer.VocabularyToken.Kind;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// A vocabulary of SentencePiece's byte pairs, as LLaMA-1 and 2 have it, from whatever file.
///
/// @param unknownId the token that stands for what no other can spell
/// @param beginId the token that is put before a text; empty for none
/// @param dummyPrefix whether a space is put before a text
public record SentencePieceVocabulary(
        List<VocabularyToken> tokens, int unknownId, OptionalInt beginId, boolean dummyPrefix) {

    private static final JsonMapper JSON = JsonMapper.builder().build();

    public SentencePieceVocabulary {
        tokens = List.copyOf(tokens);
    }

    /// A pair of pieces that joins into a third.
    private record Merge(String left, String right, float score) {}

    /// The `tokenizer.json` that means the same.
    public String tokenizerJson() {
        ObjectNode root = JSON.createObjectNode().put("version", "1.0");
        ObjectNode vocabulary = JSON.createObjectNode();
        VocabularyToken.write(tokens, root.putArray("added_tokens"), vocabulary);
        ArrayNode normalizers =
                root.putObject("normalizer").put("type", "Sequence").putArray("normalizers");
        if (dummyPrefix) {
            normalizers.addObject().put("type", "Prepend").put("prepend", "▁");
        }
        normalizers.add(replace(" ", "▁"));
        beginId.ifPresent(id -> root.set("post_processor", postProcessor(id)));
        root.set("decoder", decoder());
        ObjectNode model = root.putObject("model").put("type", "BPE");
        model.put("unk_token", tokens.get(unknownId).text());
        model.put("fuse_unk", true).put("byte_fallback", true);
        model.set("vocab", vocabulary);
        ArrayNode merges = model.putArray("merges");
        merges().forEach(merge -> merges.addArray().add(merge.left()).add(merge.right()));
        return JSON.writeValueAsString(root);
    }

    /// Every way to make a piece of two others, best score first: the order in which SentencePiece joins them.
    private List<Merge> merges() {
        Map<String, Integer> ids = new HashMap<>();
        for (int id = 0; id < tokens.size(); id++) {
            ids.put(tokens.get(id).text(), id);
        }
        List<Merge> merges = new ArrayList<>();
        for (VocabularyToken token : tokens) {
            List<Merge> ways = new ArrayList<>();
            for (int cut = 1; token.kind() == Kind.NORMAL && cut < token.text().length(); cut++) {
                String left = token.text().substring(0, cut);
                String right = token.text().substring(cut);
                if (ids.containsKey(left) && ids.containsKey(right)) {
                    ways.add(new Merge(left, right, token.score()));
                }
            }
            ways.sort(Comparator.<Merge>comparingInt(way -> ids.getOrDefault(way.left(), 0))
                    .thenComparingInt(way -> ids.getOrDefault(way.right(), 0)));
            merges.addAll(ways);
        }
        merges.sort(Comparator.comparingDouble(Merge::score).reversed());
        return merges;
    }

    private ObjectNode postProcessor(int beginId) {
        String begin = tokens.get(beginId).text();
        ObjectNode processor = JSON.createObjectNode().put("type", "TemplateProcessing");
        for (String kind : List.of("single", "pair")) {
            ArrayNode parts = processor.putArray(kind);
            parts.addObject().putObject("SpecialToken").put("id", begin).put("type_id", 0);
            parts.addObject().putObject("Sequence").put("id", "A").put("type_id", 0);
        }
        ((ArrayNode) processor.get("pair"))
                .addObject()
                .putObject("Sequence")
                .put("id", "B")
                .put("type_id", 1);
        ObjectNode token =
                processor.putObject("special_tokens").putObject(begin).put("id", begin);
        token.putArray("ids").add(beginId);
        token.putArray("tokens").add(begin);
        return processor;
    }

    private ObjectNode decoder() {
        ObjectNode decoder = JSON.createObjectNode().put("type", "Sequence");
        ArrayNode decoders = decoder.putArray("decoders");
        decoders.add(replace("▁", " "));
        decoders.addObject().put("type", "ByteFallback");
        decoders.addObject().put("type", "Fuse");
        if (dummyPrefix) {
            decoders.addObject()
                    .put("type", "Strip")
                    .put("content", " ")
                    .put("start", 1)
                    .put("stop", 0);
        }
        return decoder;
    }

    private static ObjectNode replace(String from, String to) {
        ObjectNode replace = JSON.createObjectNode().put("type", "Replace");
        replace.putObject("pattern").put("String", from);
        return replace.put("content", to);
    }
}
