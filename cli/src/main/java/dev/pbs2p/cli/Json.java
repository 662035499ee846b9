package dev.pbs2p.cli;

import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/// What `--json` prints: one object on one line.
final class Json {

    private Json() {}

    /// An object of names and values in turn. JSON has no NaN: a number that is not finite becomes null.
    static Map<String, @Nullable Object> object(Object... namesAndValues) {
        Map<String, @Nullable Object> object = new LinkedHashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            Object value = namesAndValues[i + 1];
            boolean unknown = value instanceof Double number && !Double.isFinite(number);
            object.put((String) namesAndValues[i], unknown ? null : value);
        }
        return object;
    }

    static void print(PrintWriter out, Map<String, @Nullable Object> object) {
        out.println(JsonMapper.shared().writeValueAsString(object));
        out.flush();
    }
}
