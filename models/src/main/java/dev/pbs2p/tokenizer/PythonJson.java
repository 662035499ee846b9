package dev.pbs2p.tokenizer;

import java.util.Collection;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// JSON as Python's `json.dumps(value, ensure_ascii=False, indent=…)` spaces it, because models were trained on that.
///
/// @param indent spaces a level; negative for all on one line
record PythonJson(int indent) {

    String write(@Nullable Object value) {
        StringBuilder out = new StringBuilder();
        write(value, 0, out);
        return out.toString();
    }

    private void write(@Nullable Object value, int level, StringBuilder out) {
        switch (value) {
            case null -> out.append("null");
            case Boolean truth -> out.append(truth);
            case Number number -> out.append(number);
            case Map<?, ?> map -> {
                String separator = open('{', map.isEmpty(), level, out);
                boolean first = true;
                for (Map.Entry<?, ?> entry : map.entrySet()) {
                    out.append(first ? "" : separator);
                    quote(String.valueOf(entry.getKey()), out);
                    write(entry.getValue(), level + 1, out.append(": "));
                    first = false;
                }
                close('}', map.isEmpty(), level, out);
            }
            case Collection<?> list -> {
                String separator = open('[', list.isEmpty(), level, out);
                boolean first = true;
                for (Object item : list) {
                    write(item, level + 1, out.append(first ? "" : separator));
                    first = false;
                }
                close(']', list.isEmpty(), level, out);
            }
            default -> quote(value.toString(), out);
        }
    }

    /// Opens a list or mapping and returns what stands between its items.
    private String open(char bracket, boolean empty, int level, StringBuilder out) {
        out.append(bracket);
        if (indent < 0 || empty) {
            return ", ";
        }
        out.append(line(level + 1));
        return "," + line(level + 1);
    }

    private void close(char bracket, boolean empty, int level, StringBuilder out) {
        out.append(indent < 0 || empty ? "" : line(level)).append(bracket);
    }

    private String line(int level) {
        return "\n" + " ".repeat(indent * level);
    }

    private static void quote(String text, StringBuilder out) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"', '\\' -> out.append('\\').append(c);
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                case '\b' -> out.append("\\b");
                case '\f' -> out.append("\\f");
                default -> {
                    if (c < ' ') {
                        out.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        out.append('"');
    }
}
