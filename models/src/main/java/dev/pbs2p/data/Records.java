package dev.pbs2p.data;

import dev.pbs2p.format.FormatException;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The records of a data file, one after another, each a map of what JSON can say: strings, numbers, booleans, nulls,
/// lists and maps. The file's kind shows only in its name.
///
/// Going on may throw [FormatException], with the file and the place.
public interface Records extends Iterator<Map<String, @Nullable Object>>, AutoCloseable {

    /// Opens a `.jsonl` file.
    ///
    /// @throws FormatException if the file is missing, or of a kind that cannot be read
    static Records open(Path file) {
        if (isRecords(file)) {
            return new JsonLines(file);
        }
        throw new FormatException("cannot read records from " + file + ": expected a file .jsonl");
    }

    /// Whether the name is that of a file which [#open] reads.
    static boolean isRecords(Path file) {
        return file.toString().endsWith(".jsonl");
    }

    @Override
    void close();
}
