package dev.pbs2p.json;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.json.JsonMapper;

class JsonTreeTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                " [1, -2147483649, 123456789012345678901234567890, 0.5, -1e300, true, false, null, \"a\\u00e9\\n\"] ",
                "{\"a\": {\"b\": [{}, [], {\"c\": \"\"}]}, \"a b\": 7}",
                "{\"twice\": 1, \"twice\": [2]}",
                "\"text\"",
                "null",
                ""
            })
    void readsWhatTheMapperReads(String json) {
        assertEquals(JsonMapper.shared().readTree(json), JsonTree.read(json));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"{", "[1, 2", "{\"a\"}", "{\"a\": }", "{\"a\": 1,}", "{} {}", "nul", "[01]", "{a: 1}", "\"\n\""})
    void refusesWhatIsNoJson(String json) {
        assertThrows(JacksonException.class, () -> JsonTree.read(json));
    }

    @Test
    void refusesWhatIsNestedTooDeep() {
        assertThrows(JacksonException.class, () -> JsonTree.read("[".repeat(100_000)));
    }

    @Test
    void leavesTheParserAtTheEndOfAValue() {
        try (JsonParser parser = JsonTree.parser("[[1, {\"a\": 2}], 3]")) {
            parser.nextToken();
            parser.nextToken();
            assertTrue(JsonTree.value(parser).isArray());
            assertEquals(JsonToken.VALUE_NUMBER_INT, parser.nextToken());
            assertEquals(3, parser.getIntValue());
        }
    }
}
