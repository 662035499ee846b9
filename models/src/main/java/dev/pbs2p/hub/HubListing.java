package dev.pbs2p.hub;

import dev.pbs2p.json.JsonTree;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/// What a hub says of a model's revision.
///
/// @param commit the revision's hash
record HubListing(String commit, List<HubFile> files) {

    /// What a model needs beside its weights, where it has it.
    private static final Set<String> SIDE_FILES = Set.of(
            "config.json",
            "generation_config.json",
            "tokenizer.json",
            "tokenizer.model",
            "tokenizer_config.json",
            "special_tokens_map.json",
            "added_tokens.json",
            "chat_template.jinja");

    /// @throws IllegalStateException if the hub's answer is not such a list
    static HubListing parse(String json, String source) {
        try {
            JsonNode root = JsonTree.read(json);
            List<HubFile> files = new ArrayList<>();
            for (JsonNode file : root.path("siblings")) {
                String name = file.path("rfilename").asString("");
                JsonNode large = file.path("lfs").path("sha256");
                String digest = (large.isString() ? large : file.path("blobId")).asString("");
                if (!file.path("size").canConvertToLong() || !digest.matches("[0-9a-f]{40}|[0-9a-f]{64}")) {
                    throw new IllegalStateException(source + " does not tell the size and checksum of " + name);
                }
                files.add(new HubFile(name, file.path("size").longValue(), digest));
            }
            String commit = root.path("sha").asString("");
            if (!commit.matches("[0-9a-f]{40}")) {
                throw new IllegalStateException(source + " does not tell the commit of the revision");
            }
            return new HubListing(commit, files);
        } catch (JacksonException e) {
            throw new IllegalStateException(source + " does not answer with JSON: " + e.getOriginalMessage(), e);
        }
    }

    /// The files that a model needs: its small ones, and the weights as safetensors, or as PyTorch's own files if there
    /// are no safetensors.
    ///
    /// @throws IllegalStateException if it has no such weights
    List<HubFile> needed(HubName model) {
        List<HubFile> weights = named(name -> name.matches("model[\\w.-]*\\.safetensors"));
        String index = "model.safetensors.index.json";
        if (weights.isEmpty()) {
            weights = named(name -> name.matches("[\\w.-]+\\.safetensors"));
        }
        if (weights.isEmpty()) {
            weights = named(name -> name.matches("pytorch_model[\\w.-]*\\.bin"));
            index = "pytorch_model.bin.index.json";
        }
        if (weights.isEmpty()) {
            throw new IllegalStateException(model + " has neither safetensors nor pytorch_model.bin among its "
                    + files.size() + " files: it cannot be used");
        }
        String indexName = index;
        List<HubFile> needed = new ArrayList<>(named(name -> SIDE_FILES.contains(name) || name.equals(indexName)));
        needed.addAll(weights);
        return needed;
    }

    private List<HubFile> named(Predicate<String> wanted) {
        return files.stream().filter(file -> wanted.test(file.name())).toList();
    }
}
