package dev.pbs2p.model;

import dev.pbs2p.format.FormatException;
import dev.pbs2p.json.JsonTree;
import dev.pbs2p.tensor.Checkpoint;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/// The values of a `config.json`, each checked for presence, kind and range when it is asked for.
///
/// A JSON null counts as absent, as it does for the library that writes these files.
final class Config {

    /// Far above every published model; keeps products of two sizes exact in a long.
    static final int LARGEST_SIZE = 1 << 24;

    private final String where;
    private final JsonNode json;

    private Config(String where, JsonNode json) {
        this.where = where;
        this.json = json;
    }

    /// @throws FormatException if the checkpoint has no `config.json` or it is not a JSON object
    static Config of(Checkpoint checkpoint) {
        byte[] bytes = checkpoint
                .file("config.json")
                .orElseThrow(() -> new FormatException(
                        checkpoint.source() + " has no config.json: it is no complete model checkpoint"));
        String where = "config.json of " + checkpoint.source();
        try {
            JsonNode json = JsonTree.read(new String(bytes, StandardCharsets.UTF_8));
            if (!json.isObject()) {
                throw new FormatException(where + " is not a JSON object");
            }
            return new Config(where, json);
        } catch (JacksonException e) {
            throw new FormatException(where + " is not valid JSON: " + e.getOriginalMessage(), e);
        }
    }

    /// The error for a value that was seen but cannot be used.
    FormatException unusable(String name, String expected) {
        JsonNode value = value(name);
        return value == null
                ? new FormatException(where + " lacks " + name + " (expected " + expected + ")")
                : new FormatException(where + " has " + name + " = " + value + "; expected " + expected);
    }

    boolean has(String name) {
        return value(name) != null;
    }

    /// A positive whole number.
    int size(String name) {
        JsonNode value = value(name);
        if (value == null || !value.isIntegralNumber() || !value.canConvertToInt()) {
            throw unusable(name, "a whole number");
        }
        if (value.intValue() < 1 || value.intValue() > LARGEST_SIZE) {
            throw unusable(name, "1 to " + LARGEST_SIZE);
        }
        return value.intValue();
    }

    int size(String name, int otherwise) {
        return has(name) ? size(name) : otherwise;
    }

    /// A positive, finite real number.
    double real(String name) {
        JsonNode value = value(name);
        if (value == null || !value.isNumber() || !Double.isFinite(value.doubleValue()) || value.doubleValue() <= 0) {
            throw unusable(name, "a positive number");
        }
        return value.doubleValue();
    }

    double real(String name, double otherwise) {
        return has(name) ? real(name) : otherwise;
    }

    boolean flag(String name, boolean otherwise) {
        JsonNode value = value(name);
        if (value == null) {
            return otherwise;
        }
        if (!value.isBoolean()) {
            throw unusable(name, "true or false");
        }
        return value.booleanValue();
    }

    String text(String name, String otherwise) {
        JsonNode value = value(name);
        if (value == null) {
            return otherwise;
        }
        if (!value.isString()) {
            throw unusable(name, "a string");
        }
        return value.stringValue();
    }

    /// The object under a name, or null if there is none.
    @Nullable
    Config object(String name) {
        JsonNode value = value(name);
        if (value == null) {
            return null;
        }
        if (!value.isObject()) {
            throw unusable(name, "an object");
        }
        return new Config(name + " in " + where, value);
    }

    /// The strings of a list; none if it is absent.
    List<String> texts(String name) {
        JsonNode value = value(name);
        List<String> texts = new ArrayList<>();
        if (value == null) {
            return texts;
        }
        for (JsonNode item : value) {
            if (!item.isString()) {
                throw unusable(name, "a list of strings");
            }
            texts.add(item.stringValue());
        }
        return texts;
    }

    /// Token ids: one number or a list of them; none if absent.
    List<Integer> ids(String name) {
        JsonNode value = value(name);
        List<Integer> ids = new ArrayList<>();
        if (value == null) {
            return ids;
        }
        Iterable<JsonNode> items = value.isArray() ? value : List.of(value);
        for (JsonNode item : items) {
            if (!item.isIntegralNumber() || !item.canConvertToInt() || item.intValue() < 0) {
                throw unusable(name, "a token id or a list of them");
            }
            ids.add(item.intValue());
        }
        return ids;
    }

    private @Nullable JsonNode value(String name) {
        JsonNode value = json.get(name);
        return value == null || value.isNull() ? null : value;
    }
}
