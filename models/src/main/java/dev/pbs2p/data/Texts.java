package dev.pbs2p.data;

import dev.pbs2p.format.FormatException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Text for calibration and evaluation, joined as the papers since GPTQ join it: the lines of WikiText-2 (records with
/// `text`) by blank lines, the sentences of PTB (records with `sentence`) by spaces; the documents of C4 (`.json.gz`,
/// `.jsonl.gz`) stay apart. A file of any other name is one text as it is.
///
/// @param documents at least one
/// @param description what it is and how it was joined, for people
public record Texts(List<String> documents, String description) {

    /// As many documents of C4's validation part make the text that perplexity is measured on.
    private static final int EVALUATED = 1100;

    private static final List<String> FIELDS = List.of("text", "sentence");

    public Texts {
        documents = List.copyOf(documents);
    }

    /// Reads a file; of more than `most` characters, the first.
    ///
    /// @throws FormatException if it cannot be read, is not UTF-8, or a record has no text
    public static Texts read(Path file, int most) {
        if (Records.isRecords(file)) {
            return records(file, most);
        }
        try (BufferedReader reader = Files.newBufferedReader(file)) {
            return plain(String.valueOf(file.getFileName()), reader, most);
        } catch (NoSuchFileException e) {
            throw new FormatException("there is no text " + file, e);
        } catch (CharacterCodingException e) {
            throw new FormatException(file + " is not a text in UTF-8", e);
        } catch (IOException e) {
            throw new FormatException("cannot read the text " + file + ": " + e.getMessage(), e);
        }
    }

    /// Reads a stream to its end; of more than `most` characters, the first.
    ///
    /// @param name what it is, for people
    /// @throws FormatException if it cannot be read or is not UTF-8
    public static Texts read(InputStream in, String name, int most) {
        try {
            return plain(name, new InputStreamReader(in, StandardCharsets.UTF_8.newDecoder()), most);
        } catch (CharacterCodingException e) {
            throw new FormatException(name + " is not a text in UTF-8", e);
        } catch (IOException e) {
            throw new FormatException("cannot read the text from " + name + ": " + e.getMessage(), e);
        }
    }

    private static Texts plain(String name, Reader reader, int most) throws IOException {
        StringBuilder text = new StringBuilder();
        char[] chunk = new char[1 << 16];
        int count = reader.read(chunk);
        while (count >= 0 && text.length() < most) {
            text.append(chunk, 0, count);
            count = reader.read(chunk);
        }
        return new Texts(List.of(text.toString()), name);
    }

    private static Texts records(Path file, int most) {
        List<String> texts = new ArrayList<>();
        String field = "";
        long length = 0;
        try (Records records = Records.open(file)) {
            while (records.hasNext() && length < most) {
                Map<String, @Nullable Object> record = records.next();
                if (field.isEmpty()) {
                    field = FIELDS.stream()
                            .filter(record::containsKey)
                            .findFirst()
                            .orElse("text");
                }
                if (!(record.get(field) instanceof String text)) {
                    throw new FormatException("record " + (texts.size() + 1) + " of " + file + " has no string \"text\""
                            + " (or \"sentence\"); it has " + String.join(", ", record.keySet()));
                }
                texts.add(text);
                length += text.length();
            }
        }
        if (texts.isEmpty()) {
            throw new FormatException(file + " has no records");
        }
        String what = file.getFileName() + ", " + texts.size() + " records \"" + field + "\" ";
        if (file.toString().endsWith(".gz")) {
            return new Texts(texts, what + "as documents");
        }
        boolean sentences = field.equals("sentence");
        String whole = String.join(sentences ? " " : "\n\n", texts);
        return new Texts(List.of(whole), what + "joined by " + (sentences ? "spaces" : "blank lines"));
    }

    /// The text that is evaluated: of documents the first 1100, joined by spaces.
    public String whole() {
        return String.join(" ", documents.subList(0, Math.min(EVALUATED, documents.size())));
    }
}
