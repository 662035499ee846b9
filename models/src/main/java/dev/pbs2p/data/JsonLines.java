package dev.pbs2p.data;

import dev.pbs2p.format.FormatException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/// Records of a file, perhaps compressed by gzip, that has one JSON object a line; blank lines count for nothing.
final class JsonLines implements Records {

    private static final TypeReference<Map<String, @Nullable Object>> OBJECT = new TypeReference<>() {};

    private final Path file;
    private final BufferedReader reader;
    private int number;
    private @Nullable String line;

    JsonLines(Path file) {
        this.file = file;
        try {
            this.reader = reader(file);
        } catch (NoSuchFileException e) {
            throw new FormatException("there is no file " + file, e);
        } catch (IOException e) {
            throw new FormatException("cannot read " + file + ": " + e.getMessage(), e);
        }
        advance();
    }

    private static BufferedReader reader(Path file) throws IOException {
        if (!file.toString().endsWith(".gz")) {
            return Files.newBufferedReader(file);
        }
        InputStream in = Files.newInputStream(file);
        try {
            return new BufferedReader(
                    new InputStreamReader(new GZIPInputStream(in, 1 << 16), StandardCharsets.UTF_8.newDecoder()));
        } catch (IOException e) {
            in.close();
            throw e;
        }
    }

    private void advance() {
        try {
            do {
                line = reader.readLine();
                number++;
            } while (line != null && line.isBlank());
        } catch (CharacterCodingException e) {
            throw new FormatException(file + " is not UTF-8 after line " + number, e);
        } catch (IOException e) {
            throw new FormatException("cannot read " + file + ": " + e.getMessage(), e);
        }
    }

    @Override
    public boolean hasNext() {
        return line != null;
    }

    @Override
    public Map<String, @Nullable Object> next() {
        if (line == null) {
            throw new NoSuchElementException(file + " has no more lines");
        }
        Map<String, @Nullable Object> values;
        try {
            values = JsonMapper.shared().readValue(line, OBJECT);
        } catch (JacksonException e) {
            throw new FormatException(
                    "line " + number + " of " + file + " is no JSON object: " + e.getOriginalMessage(), e);
        }
        if (values == null) {
            throw new FormatException("line " + number + " of " + file + " is null, but must be a JSON object");
        }
        advance();
        return values;
    }

    @Override
    public void close() {
        try {
            reader.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
