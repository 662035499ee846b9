package dev.pbs2p.format;

import dev.pbs2p.tensor.DType;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/// The JSON header of a safetensors file, read and written: free strings, and where each tensor lies in the data.
///
/// @param metadata the `__metadata__` strings
/// @param tensors all tensors in the order of their data, which they cover without holes or overlaps
record SafetensorsHeader(Map<String, String> metadata, List<Entry> tensors) {

    private static final String METADATA = "__metadata__";

    /// More dimensions than any model has.
    private static final int MAX_RANK = 16;

    /// @param begin first byte, counted from the begin of the data
    /// @param end byte after the last
    record Entry(String name, DType dtype, List<Long> shape, long begin, long end) {}

    /// Reads and checks a header.
    ///
    /// @param dataBytes bytes that follow it in the file
    /// @throws FormatException if it is not strict JSON of a header, or its tensors are not exactly the data
    static SafetensorsHeader parse(String json, long dataBytes) {
        JsonReader reader = new JsonReader(json);
        Map<String, String> metadata = new LinkedHashMap<>();
        List<Entry> tensors = new ArrayList<>();
        Set<String> seen = new HashSet<>();
        reader.open('{');
        while (reader.next('}')) {
            String name = reader.name();
            if (!seen.add(name)) {
                throw new FormatException("the header has the tensor " + name + " twice");
            }
            if (name.equals(METADATA)) {
                metadata(reader, metadata);
            } else {
                tensors.add(entry(name, reader));
            }
        }
        reader.end();
        tensors.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
        checkCover(tensors, dataBytes);
        return new SafetensorsHeader(metadata, tensors);
    }

    private static void metadata(JsonReader reader, Map<String, String> metadata) {
        reader.open('{');
        while (reader.next('}')) {
            String key = reader.name();
            if (metadata.put(key, reader.string()) != null) {
                throw new FormatException("the header has the metadata " + key + " twice");
            }
        }
    }

    private static Entry entry(String name, JsonReader reader) {
        Map<String, Object> fields = new HashMap<>();
        reader.open('{');
        while (reader.next('}')) {
            String field = reader.name();
            Object value = switch (field) {
                case "dtype" -> dtype(name, reader.string());
                case "shape", "data_offsets" -> numbers(name, reader);
                default -> throw new FormatException("the tensor " + name + " has the unknown field " + field);
            };
            if (fields.put(field, value) != null) {
                throw new FormatException("the tensor " + name + " has the field " + field + " twice");
            }
        }
        if (fields.get("dtype") instanceof DType dtype
                && fields.get("shape") instanceof Numbers(List<Long> shape)
                && fields.get("data_offsets") instanceof Numbers(List<Long> offsets)
                && offsets.size() == 2) {
            Entry entry = new Entry(name, dtype, shape, offsets.get(0), offsets.get(1));
            checkSize(entry);
            return entry;
        }
        throw new FormatException(
                "the tensor " + name + " needs the fields dtype, shape and data_offsets (two numbers) in the header");
    }

    private record Numbers(List<Long> values) {}

    private static Numbers numbers(String name, JsonReader reader) {
        List<Long> values = new ArrayList<>();
        reader.open('[');
        while (reader.next(']')) {
            if (values.size() == MAX_RANK) {
                throw new FormatException("the tensor " + name + " has more than " + MAX_RANK + " dimensions");
            }
            values.add(reader.number());
        }
        return new Numbers(List.copyOf(values));
    }

    private static DType dtype(String tensor, String name) {
        for (DType dtype : DType.values()) {
            if (dtype.name().equals(name)) {
                return dtype;
            }
        }
        throw new FormatException("the tensor " + tensor + " has the element type " + name + ", not one of "
                + Arrays.toString(DType.values()));
    }

    private static void checkSize(Entry entry) {
        long needed;
        try {
            needed = bytes(entry.dtype(), entry.shape());
        } catch (ArithmeticException e) {
            throw new FormatException(
                    "the tensor " + entry.name() + " claims " + entry.shape() + " elements, more than any file holds",
                    e);
        }
        if (entry.end() < entry.begin() || entry.end() - entry.begin() != needed) {
            throw new FormatException("the tensor " + entry.name() + " of " + entry.dtype() + entry.shape() + " needs "
                    + needed + " bytes, but the header gives it bytes " + entry.begin() + " to " + entry.end());
        }
    }

    private static void checkCover(List<Entry> sorted, long dataBytes) {
        long end = 0;
        for (Entry entry : sorted) {
            if (entry.begin() != end) {
                throw new FormatException("the tensor " + entry.name() + " begins at byte " + entry.begin()
                        + " of the data, but the tensors before it end at " + end);
            }
            end = entry.end();
        }
        if (end != dataBytes) {
            throw new FormatException("the header describes " + end + " bytes of data, but the file has " + dataBytes
                    + ": " + (end > dataBytes ? "it is truncated" : "something was appended to it"));
        }
    }

    /// Bytes of a tensor.
    ///
    /// @throws ArithmeticException if they exceed a long
    static long bytes(DType dtype, List<Long> shape) {
        long bytes = dtype.bytes();
        for (long extent : shape) {
            bytes = Math.multiplyExact(bytes, extent);
        }
        return bytes;
    }

    /// The header as JSON in UTF-8.
    byte[] toJson() throws CharacterCodingException {
        StringBuilder json = new StringBuilder("{").append(quote(METADATA)).append(":{");
        json.append(metadata.entrySet().stream()
                .map(e -> quote(e.getKey()) + ":" + quote(e.getValue()))
                .collect(Collectors.joining(",")));
        json.append('}');
        for (Entry t : tensors) {
            String shape = t.shape().stream().map(String::valueOf).collect(Collectors.joining(","));
            json.append(',').append(quote(t.name())).append(":{\"dtype\":\"").append(t.dtype());
            json.append("\",\"shape\":[").append(shape).append("],\"data_offsets\":[");
            json.append(t.begin()).append(',').append(t.end()).append("]}");
        }
        json.append('}');
        // An encoder, because String.getBytes would replace what it cannot encode.
        var encoded = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(json));
        byte[] bytes = new byte[encoded.remaining()];
        encoded.get(bytes);
        return bytes;
    }

    private static String quote(String text) {
        StringBuilder out = new StringBuilder("\"");
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (c < ' ') {
                out.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
            } else {
                out.append(c);
            }
        }
        return out.append('"').toString();
    }
}
