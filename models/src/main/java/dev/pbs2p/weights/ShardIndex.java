package dev.pbs2p.weights;

import dev.pbs2p.format.FormatException;
import dev.pbs2p.json.JsonTree;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/// `model.safetensors.index.json` or `pytorch_model.bin.index.json`: which file beside it holds which weight.
final class ShardIndex {

    private ShardIndex() {}

    /// @param suffix of the names of weight files
    /// @return file names by weight name
    /// @throws FormatException if it is not such an index, or names a file outside its directory
    static Map<String, String> parse(Path index, String suffix) {
        Map<String, String> files = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> entry : weightMap(index).properties()) {
            JsonNode file = entry.getValue();
            if (!file.isString() || !isPlainName(file.stringValue(), suffix)) {
                throw new FormatException(
                        index + " puts " + entry.getKey() + " into " + file + ", which is no file name");
            }
            files.put(entry.getKey(), file.stringValue());
        }
        return files;
    }

    private static JsonNode weightMap(Path index) {
        try {
            JsonNode map = JsonTree.read(Files.readString(index)).get("weight_map");
            if (map == null || !map.isObject() || map.isEmpty()) {
                throw new FormatException(index + " has no weight_map that lists the weights");
            }
            return map;
        } catch (JacksonException e) {
            throw new FormatException(index + " is not valid JSON: " + e.getOriginalMessage(), e);
        } catch (IOException e) {
            throw new FormatException("cannot read " + index + ": " + e.getMessage(), e);
        }
    }

    private static boolean isPlainName(String name, String suffix) {
        return name.endsWith(suffix) && !name.contains("/") && !name.contains("\\");
    }
}
