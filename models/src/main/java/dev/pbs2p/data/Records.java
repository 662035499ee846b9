package dev.pbs2p.data;

import dev.pbs2p.format.FormatException;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The records of a data file, one after another, each a map of what JSON can say: strings, numbers, booleans, nulls,
/// lists and maps. The file's kind shows only in its name.
///
/// Going on may throw [FormatException], with the file and the place.
public interface Records extends Iterator<Map<String, @Nullable Object>>, AutoCloseable {

    /// How the names of files end that are read.
    List<String> KINDS = List.of(".jsonl", ".jsonl.gz", ".json.gz", ".parquet");

    /// Opens a file of JSON lines (`.jsonl`, `.jsonl.gz`, `.json.gz`) or a `.parquet` file.
    ///
    /// @throws FormatException if the file is missing, or of a kind that cannot be read
    /// @throws IllegalStateException if it is Parquet and the library that reads it is not there
    static Records open(Path file) {
        if (!isRecords(file)) {
            throw new FormatException(
                    "cannot read records from " + file + ": expected a file " + String.join(", ", KINDS));
        }
        return file.toString().endsWith(".parquet") ? ParquetRecords.open(file) : new JsonLines(file);
    }

    /// Whether the name is that of a file which [#open] reads.
    static boolean isRecords(Path file) {
        return KINDS.stream().anyMatch(file.toString()::endsWith);
    }

    @Override
    void close();
}
