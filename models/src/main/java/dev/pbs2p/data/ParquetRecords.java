package dev.pbs2p.data;

import dev.hardwood.InputFile;
import dev.hardwood.reader.ParquetFileReader;
import dev.hardwood.reader.RowReader;
import dev.hardwood.row.PqList;
import dev.hardwood.row.PqStruct;
import dev.hardwood.row.StructAccessor;
import dev.pbs2p.format.FormatException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Records of a Parquet file; structures become maps. What reads it (Hardwood, and a library for each compression) need
/// not be there when no Parquet is read.
final class ParquetRecords implements Records {

    /// No text takes less; a damaged file can claim any number of rows of nothing.
    private static final long MOST_ROWS_A_BYTE = 16;

    /// The library waits for ever for columns of a damaged file whose decoding has failed.
    private static final int MOST_SECONDS = 20;

    private static final ScheduledThreadPoolExecutor ALARM = alarm();

    private final Path file;
    private final ParquetFileReader reader;
    private final RowReader rows;
    private final long mostRows;
    private long read;

    private ParquetRecords(Path file) throws IOException {
        this.file = file;
        this.reader = ParquetFileReader.open(InputFile.of(file));
        this.rows = reader.rowReader();
        this.mostRows = MOST_ROWS_A_BYTE * Files.size(file);
    }

    /// @throws FormatException if the file is missing, or no Parquet
    /// @throws IllegalStateException if the library is not there
    static Records open(Path file) {
        if (!Files.isRegularFile(file)) {
            throw new FormatException("there is no file " + file);
        }
        return guarded(file, () -> {
            try {
                return new ParquetRecords(file);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    @Override
    public boolean hasNext() {
        return guarded(file, rows::hasNext);
    }

    @Override
    public Map<String, @Nullable Object> next() {
        return guarded(file, () -> {
            if (++read > mostRows) {
                throw new IllegalArgumentException("it claims more rows than its bytes can hold");
            }
            rows.next();
            return fields(rows);
        });
    }

    private static Map<String, @Nullable Object> fields(StructAccessor struct) {
        Map<String, @Nullable Object> values = new LinkedHashMap<>();
        for (int i = 0; i < struct.getFieldCount(); i++) {
            values.put(struct.getFieldName(i), struct.isNull(i) ? null : plain(struct.getValue(i)));
        }
        return values;
    }

    private static @Nullable Object plain(@Nullable Object value) {
        return switch (value) {
            case PqStruct struct -> fields(struct);
            case PqList list -> {
                List<@Nullable Object> values = new ArrayList<>();
                for (int i = 0; i < list.size(); i++) {
                    values.add(list.isNull(i) ? null : plain(list.get(i)));
                }
                yield values;
            }
            case null, default -> value;
        };
    }

    private static ScheduledThreadPoolExecutor alarm() {
        ScheduledThreadPoolExecutor alarm =
                new ScheduledThreadPoolExecutor(1, Thread.ofPlatform().daemon().factory());
        alarm.setRemoveOnCancelPolicy(true);
        return alarm;
    }

    /// Whatever a damaged file makes the library throw is said of the file, and that it lets us wait.
    private static <T> T guarded(Path file, Supplier<T> read) {
        Thread reader = Thread.currentThread();
        Future<?> interrupt = ALARM.schedule(reader::interrupt, MOST_SECONDS, TimeUnit.SECONDS);
        try {
            T value = read.get();
            if (!interrupt.isDone()) {
                return value;
            }
        } catch (NoClassDefFoundError e) {
            throw new IllegalStateException(
                    "reading " + file + " needs dev.hardwood:hardwood-core, and org.xerial.snappy:snappy-java or"
                            + " com.github.luben:zstd-jni for its compression, on the class path: " + e.getMessage()
                            + " is missing",
                    e);
        } catch (RuntimeException e) {
            if (!interrupt.isDone()) {
                Throwable cause = e instanceof UncheckedIOException && e.getCause() != null ? e.getCause() : e;
                throw new FormatException(file + " is not a usable Parquet file: " + cause.getMessage(), e);
            }
        } finally {
            interrupt.cancel(false);
        }
        Thread.interrupted();
        throw new FormatException(
                file + " is not a usable Parquet file: nothing came of it for " + MOST_SECONDS + " seconds");
    }

    @Override
    public void close() {
        rows.close();
        try {
            reader.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
