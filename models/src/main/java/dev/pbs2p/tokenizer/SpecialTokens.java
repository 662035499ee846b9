package dev.pbs2p.tokenizer;

import dev.pbs2p.format.FormatException;
import dev.pbs2p.json.JsonTree;
import dev.pbs2p.tensor.Checkpoint;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/// What the small JSON files of a checkpoint say about its special tokens.
///
/// @param text the tokens by role, as chat templates name them (`bos_token`, `eos_token`, …)
/// @param bosIds ids of the token that begins a text; at most one
/// @param eosIds ids of the tokens that end a text
/// @param addBos whether encoding begins a text with the first token; empty if only tokenizer.json says so
record SpecialTokens(Map<String, String> text, List<Integer> bosIds, List<Integer> eosIds, Optional<Boolean> addBos) {

    private static final List<String> ROLES = List.of("bos_token", "eos_token", "unk_token", "pad_token");

    /// @throws FormatException if a file is there but is not JSON
    static SpecialTokens of(Checkpoint checkpoint) {
        JsonNode tokenizer = json(checkpoint, "tokenizer_config.json");
        JsonNode map = json(checkpoint, "special_tokens_map.json");
        JsonNode config = json(checkpoint, "config.json");
        JsonNode generation = json(checkpoint, "generation_config.json");
        Map<String, String> text = new LinkedHashMap<>();
        for (String role : ROLES) {
            content(tokenizer.path(role)).or(() -> content(map.path(role))).ifPresent(token -> text.put(role, token));
        }
        JsonNode addBos = tokenizer.path("add_bos_token");
        return new SpecialTokens(
                text,
                ids(config.path("bos_token_id")),
                ids(generation.has("eos_token_id") ? generation.path("eos_token_id") : config.path("eos_token_id")),
                addBos.isBoolean() ? Optional.of(addBos.booleanValue()) : Optional.empty());
    }

    /// A side file as a tree; an empty one if it is absent.
    static JsonNode json(Checkpoint checkpoint, String name) {
        Optional<byte[]> bytes = checkpoint.file(name);
        if (bytes.isEmpty()) {
            return JsonNodeFactory.instance.objectNode();
        }
        try {
            return JsonTree.read(new String(bytes.get(), StandardCharsets.UTF_8));
        } catch (JacksonException e) {
            throw new FormatException(
                    checkpoint.source() + ": " + name + " is not valid JSON: " + e.getOriginalMessage(), e);
        }
    }

    /// A token is written as its text, or as an object that holds it.
    private static Optional<String> content(JsonNode node) {
        JsonNode text = node.isObject() ? node.path("content") : node;
        return text.isString() ? Optional.of(text.stringValue()) : Optional.empty();
    }

    /// An id is written as a number, or as a list of numbers.
    private static List<Integer> ids(JsonNode node) {
        List<Integer> ids = new ArrayList<>();
        for (JsonNode id : node.isArray() ? node : List.of(node)) {
            if (id.isInt()) {
                ids.add(id.intValue());
            }
        }
        return ids;
    }
}
