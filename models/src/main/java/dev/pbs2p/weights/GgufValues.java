package dev.pbs2p.weights;

import dev.pbs2p.format.FormatException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/// The values of a GGUF file, each checked for its kind when it is asked for.
record GgufValues(String source, Map<String, Object> values) {

    boolean has(String key) {
        return values.containsKey(key);
    }

    Optional<String> text(String key) {
        return get(key, String.class, "a string");
    }

    boolean flag(String key, boolean otherwise) {
        return get(key, Boolean.class, "true or false").orElse(otherwise);
    }

    Optional<Double> real(String key) {
        return get(key, Double.class, "a real number");
    }

    /// A number from 0 on.
    OptionalInt number(String key) {
        Optional<Long> value = get(key, Long.class, "a whole number");
        if (value.isEmpty()) {
            return OptionalInt.empty();
        }
        if (value.get() < 0 || value.get() > Integer.MAX_VALUE) {
            throw unusable(key, "a number from 0 to " + Integer.MAX_VALUE);
        }
        return OptionalInt.of(value.get().intValue());
    }

    /// A list whose values are all of a kind; empty if it is absent.
    <T> List<T> list(String key, Class<T> kind) {
        List<?> list = get(key, List.class, "a list").orElse(List.of());
        if (!list.stream().allMatch(kind::isInstance)) {
            throw unusable(key, "a list of " + kind.getSimpleName());
        }
        return list.stream().map(kind::cast).toList();
    }

    /// The error for a value that was seen, or is absent, but cannot be used so.
    FormatException unusable(String key, String expected) {
        @Nullable Object value = values.get(key);
        return new FormatException(source
                + (value == null
                        ? " has no " + key
                        : " has " + key + " = " + (value instanceof List<?> list ? "a list of " + list.size() : value))
                + "; expected " + expected);
    }

    private <T> Optional<T> get(String key, Class<T> kind, String expected) {
        Object value = values.get(key);
        if (value == null) {
            return Optional.empty();
        }
        if (!kind.isInstance(value)) {
            throw unusable(key, expected);
        }
        return Optional.of(kind.cast(value));
    }
}
