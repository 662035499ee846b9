package dev.pbs2p.fuzz;

import com.sun.management.ThreadMXBean;
import dev.pbs2p.format.FormatException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;

/// A file that is written anew for each input.
///
/// @param bound on what reading may allocate
record FuzzedFile(Path path, Bound bound) {

    /// A bound on heap allocation.
    ///
    /// @param megabytes whatever the input: classes, exceptions, the buffers of libraries
    /// @param perByte bytes for each byte of the input
    record Bound(int megabytes, int perByte) {

        long of(int length) {
            return ((long) megabytes << 20) + (long) perByte * length;
        }
    }

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    static FuzzedFile named(String name, Bound bound) {
        try {
            Path path = Files.createTempDirectory("pbs2p-fuzz").resolve(name);
            path.toFile().deleteOnExit();
            path.getParent().toFile().deleteOnExit();
            return new FuzzedFile(path, bound);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Reads the bytes as a file by `read`, which may refuse them with a [FormatException].
    void read(byte[] data, Consumer<Path> read) {
        try {
            // Never in place: a library may still have the last file mapped, and a mapping that is cut kills the
            // process.
            Files.deleteIfExists(path);
            Files.write(path, data);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        bounded(data.length, bound, () -> read.accept(path));
    }

    /// Runs something that may refuse its input with a [FormatException], and checks what it allocates; where that is
    /// too much, once more, for the first time loads classes.
    static void bounded(int length, Bound bound, Runnable action) {
        if (allocated(action) > bound.of(length)) {
            long again = allocated(action);
            if (again > bound.of(length)) {
                throw new AssertionError(again + " bytes allocated for an input of " + length);
            }
        }
    }

    private static long allocated(Runnable action) {
        long before = THREADS.getCurrentThreadAllocatedBytes();
        try {
            action.run();
        } catch (FormatException e) {
            if (e.getMessage().contains("\n")) {
                throw new AssertionError("more than one line: " + e.getMessage(), e);
            }
        }
        return THREADS.getCurrentThreadAllocatedBytes() - before;
    }
}
