package dev.pbs2p.compress;

import dev.pbs2p.format.FormatException;
import dev.pbs2p.tokenizer.Tokenizer;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.SplittableRandom;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Calibration windows cut from a text.
public final class CalibrationText implements Calibration {

    /// More than enough for any number of windows, and a size that tokenizers still take in one piece.
    private static final int MAX_CHARS = 1 << 25;

    private final String source;
    private final int[] ids;

    /// @param source what the text is, for people
    /// @param ids its tokens
    public CalibrationText(String source, int[] ids) {
        this.source = source;
        this.ids = ids.clone();
    }

    /// Reads a text file, or the strings `text` of the lines of a `.jsonl` file; of more than 32 Mi characters, the
    /// first.
    ///
    /// @throws FormatException if the file cannot be read, is not UTF-8, or a line has no `text`
    public static CalibrationText read(Path file, Tokenizer tokenizer) {
        StringBuilder text = new StringBuilder();
        try (BufferedReader reader = Files.newBufferedReader(file)) {
            boolean jsonl = String.valueOf(file.getFileName()).endsWith(".jsonl");
            if (jsonl) {
                readLines(file, reader, text);
            } else {
                readAll(reader, text);
            }
        } catch (NoSuchFileException e) {
            throw new FormatException("there is no calibration text " + file, e);
        } catch (CharacterCodingException e) {
            throw new FormatException("the calibration text " + file + " is not UTF-8", e);
        } catch (IOException e) {
            throw new FormatException("cannot read the calibration text " + file + ": " + e.getMessage(), e);
        }
        return new CalibrationText(String.valueOf(file.getFileName()), tokenizer.encode(text.toString(), true));
    }

    private static void readAll(BufferedReader reader, StringBuilder text) throws IOException {
        char[] chunk = new char[1 << 16];
        int count = reader.read(chunk);
        while (count >= 0 && text.length() < MAX_CHARS) {
            text.append(chunk, 0, count);
            count = reader.read(chunk);
        }
    }

    private static void readLines(Path file, BufferedReader reader, StringBuilder text) throws IOException {
        int number = 0;
        for (String line = reader.readLine(); line != null && text.length() < MAX_CHARS; line = reader.readLine()) {
            number++;
            if (!line.isBlank()) {
                text.append(textOf(file, number, line)).append("\n\n");
            }
        }
    }

    private static String textOf(Path file, int number, String line) {
        try {
            JsonNode text = JsonMapper.shared().readTree(line).path("text");
            if (text.isString()) {
                return text.stringValue();
            }
        } catch (JacksonException e) {
            throw new FormatException("line " + number + " of " + file + " is not JSON: " + e.getOriginalMessage(), e);
        }
        throw new FormatException("line " + number + " of " + file + " has no string \"text\"");
    }

    /// What it is, with the SHA-256 of the ids as little-endian 32-bit integers.
    String describe() {
        return source + ", ids sha256 " + Digests.ints(ids);
    }

    /// Windows that start at random places (`SplittableRandom(seed)`); they may overlap.
    ///
    /// @return window after window
    /// @throws IllegalArgumentException if the text is shorter than one window
    int[] windows(int count, int window, long seed) {
        if (ids.length < window) {
            throw new IllegalArgumentException("the calibration text " + source + " has " + ids.length
                    + " tokens, less than one window of " + window + ": take a longer text or shorter windows");
        }
        SplittableRandom random = new SplittableRandom(seed);
        int[] windows = new int[Math.multiplyExact(count, window)];
        for (int w = 0; w < count; w++) {
            System.arraycopy(ids, random.nextInt(ids.length - window + 1), windows, w * window, window);
        }
        return windows;
    }
}
