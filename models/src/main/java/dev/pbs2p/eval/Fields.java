package dev.pbs2p.eval;

import dev.pbs2p.format.FormatException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The fields of one record, each checked for presence and kind when it is asked for.
///
/// @param where the record, for people
record Fields(String where, Map<?, ? extends @Nullable Object> values) {

    String text(String name) {
        if (values.get(name) instanceof String text) {
            return text;
        }
        throw unusable(name, "a text");
    }

    /// A number from 0, also written as a text or as false and true.
    int index(String name) {
        Object value = values.get(name);
        if (value instanceof Boolean truth) {
            return truth ? 1 : 0;
        }
        if (value != null && value.toString().matches("\\d{1,9}")) {
            return Integer.parseInt(value.toString());
        }
        throw unusable(name, "a number from 0");
    }

    /// A list of at least one text.
    List<String> texts(String name) {
        if (values.get(name) instanceof List<?> list
                && !list.isEmpty()
                && list.stream().allMatch(String.class::isInstance)) {
            return list.stream().map(String.class::cast).toList();
        }
        throw unusable(name, "a list of texts");
    }

    Fields object(String name) {
        if (values.get(name) instanceof Map<?, ?> map) {
            return new Fields(name + " in " + where, map);
        }
        throw unusable(name, "an object");
    }

    private FormatException unusable(String name, String expected) {
        Object value = values.get(name);
        String seen = value == null ? " has no " + name : " has " + name + " = " + shortened(value);
        return new FormatException(where + seen + ", expected " + expected);
    }

    private static String shortened(Object value) {
        String text = value.toString();
        return text.length() <= 60 ? text : text.substring(0, 60) + "…";
    }
}
