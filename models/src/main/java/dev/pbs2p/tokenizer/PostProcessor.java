package dev.pbs2p.tokenizer;

import dev.pbs2p.format.FormatException;
import dev.pbs2p.json.JsonTree;
import java.util.List;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.JsonNode;

/// The `post_processor` of a tokenizer.json, which puts special tokens around a text. The native library looks them up
/// unchecked, and ends the process where one is missing.
final class PostProcessor {

    private PostProcessor() {}

    /// @param json valid, a whole tokenizer.json
    /// @throws FormatException if a template names a token or a sequence that it does not have
    static void check(String json) {
        try (JsonParser parser = JsonTree.parser(json)) {
            parser.nextToken();
            while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
                boolean found = parser.getString().equals("post_processor");
                parser.nextToken();
                if (found) {
                    check(JsonTree.value(parser));
                } else {
                    parser.skipChildren();
                }
            }
        }
    }

    private static void check(JsonNode processor) {
        processor.path("processors").forEach(PostProcessor::check);
        checkPieces(processor, "single", List.of("A"));
        checkPieces(processor, "pair", List.of("A", "B"));
    }

    private static void checkPieces(JsonNode processor, String template, List<String> sequences) {
        for (JsonNode piece : processor.path(template)) {
            JsonNode token = piece.path("SpecialToken").path("id");
            if (token.isString() && !processor.path("special_tokens").has(token.stringValue())) {
                throw new FormatException(
                        "its post_processor names the token " + token + ", which is not among its special_tokens");
            }
            JsonNode sequence = piece.path("Sequence").path("id");
            if (sequence.isString() && !sequences.contains(sequence.stringValue())) {
                throw new FormatException("its post_processor names the sequence " + sequence + " in " + template
                        + ", which has " + String.join(" and ", sequences));
            }
        }
    }
}
