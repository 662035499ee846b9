package dev.pbs2p.format;

import dev.pbs2p.tensor.Loading;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.stream.LongStream;

/// A file's bytes, read where they lie: on disk, until something moves them into memory.
public final class MappedFile implements AutoCloseable {

    private static final long CHUNK = 16L << 20;

    private Arena arena;
    private MemorySegment bytes;

    private MappedFile(Arena arena, MemorySegment bytes) {
        this.arena = arena;
        this.bytes = bytes;
    }

    /// Maps a whole file.
    ///
    /// @throws FormatException if it cannot be read
    public static MappedFile open(Path path) {
        if (Files.isDirectory(path)) {
            throw new FormatException("cannot read " + path + ": it is a directory");
        }
        Arena arena = Arena.ofShared();
        try (FileChannel channel = FileChannel.open(path)) {
            return new MappedFile(arena, channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena));
        } catch (IOException e) {
            arena.close();
            String reason = e instanceof NoSuchFileException ? "there is no such file" : e.getMessage();
            throw new FormatException("cannot read " + path + ": " + reason, e);
        }
    }

    /// All of them; valid until the next [#load] or [#close()].
    public MemorySegment bytes() {
        return bytes;
    }

    /// Moves the bytes into memory.
    ///
    /// @throws IllegalStateException if this machine cannot do it
    public void load(Loading how) {
        switch (how) {
            case MAPPED -> {}
            case WARM -> bytes.load();
            case HUGE_PAGES -> copy();
        }
    }

    private void copy() {
        Arena next = Arena.ofShared();
        try {
            MemorySegment copy = Pages.HUGE.allocate(bytes.byteSize(), next);
            LongStream.range(0, Math.ceilDiv(bytes.byteSize(), CHUNK))
                    .parallel()
                    .forEach(chunk -> {
                        long from = chunk * CHUNK;
                        MemorySegment.copy(bytes, from, copy, from, Math.min(CHUNK, bytes.byteSize() - from));
                    });
            arena.close();
            arena = next;
            bytes = copy.asReadOnly();
        } catch (RuntimeException e) {
            next.close();
            throw e;
        }
    }

    @Override
    public void close() {
        arena.close();
    }
}
