package dev.pbs2p.tokenizer;

import dev.pbs2p.format.FormatException;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;

/// Checks JSON by the letter before native code reads it, which would end the process where it is damaged.
final class StrictJson {

    /// Deeper and longer than any tokenizer's, and within what the native reader takes.
    private static final JsonFactory FACTORY = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(100)
                    .maxNumberLength(100)
                    .build())
            .build();

    private StrictJson() {}

    /// @throws FormatException if a text is not one JSON object, with whole characters and finite numbers
    static void check(String json) {
        try (JsonParser parser = FACTORY.createParser(ObjectReadContext.empty(), json)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new FormatException("it is not a JSON object");
            }
            int depth = 1;
            while (depth > 0) {
                depth += step(parser);
            }
            if (parser.nextToken() != null) {
                throw new FormatException("something follows its JSON object");
            }
        } catch (JacksonException e) {
            throw new FormatException("it is not valid JSON: " + e.getOriginalMessage(), e);
        }
    }

    /// @return by how much deeper the next token is
    private static int step(JsonParser parser) {
        JsonToken token = parser.nextToken();
        return switch (token) {
            case null -> throw new FormatException("its JSON ends too early");
            case START_OBJECT, START_ARRAY -> 1;
            case END_OBJECT, END_ARRAY -> -1;
            case PROPERTY_NAME, VALUE_STRING -> {
                checkCharacters(parser.getString());
                yield 0;
            }
            case VALUE_NUMBER_FLOAT -> {
                if (!Double.isFinite(parser.getDoubleValue())) {
                    throw new FormatException("its JSON has the number " + parser.getString());
                }
                yield 0;
            }
            default -> 0;
        };
    }

    private static void checkCharacters(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (Character.isSurrogate(text.charAt(i))) {
                if (!Character.isSupplementaryCodePoint(text.codePointAt(i))) {
                    throw new FormatException("its JSON has half a character in a string");
                }
                i++;
            }
        }
    }
}
