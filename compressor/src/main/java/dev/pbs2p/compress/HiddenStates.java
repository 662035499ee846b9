package dev.pbs2p.compress;

import dev.pbs2p.format.FormatException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/// The hidden states of all calibration windows between two blocks, in a file, so that memory does not grow with the
/// number of windows: float32, windows × tokens × columns.
final class HiddenStates implements AutoCloseable {

    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final Arena arena;
    private final MemorySegment values;

    private HiddenStates(Arena arena, MemorySegment values) {
        this.arena = arena;
        this.values = values;
    }

    /// Maps a file.
    ///
    /// @throws FormatException if it does not hold `count` values
    static HiddenStates open(Path path, long count) throws IOException {
        Arena arena = Arena.ofShared();
        try (FileChannel channel = FileChannel.open(path)) {
            if (channel.size() != 4 * count) {
                throw new FormatException(path + " has " + channel.size() + " bytes instead of " + 4 * count
                        + ": delete its directory and compress again");
            }
            return new HiddenStates(arena, channel.map(FileChannel.MapMode.READ_ONLY, 0, 4 * count, arena));
        } catch (IOException | RuntimeException e) {
            arena.close();
            throw e;
        }
    }

    /// A copy of `count` values from `from` on.
    float[] read(long from, int count) {
        float[] out = new float[count];
        MemorySegment.copy(values, FLOAT, 4 * from, out, 0, count);
        return out;
    }

    @Override
    public void close() {
        arena.close();
    }

    /// Writes a file from its beginning to its end; it has its name only when it is complete.
    static final class Writer implements AutoCloseable {

        private final Path target;
        private final Path temporary;
        private final FileChannel channel;

        Writer(Path target) throws IOException {
            this.target = target;
            this.temporary = target.resolveSibling(target.getFileName() + ".tmp");
            this.channel = FileChannel.open(
                    temporary,
                    StandardOpenOption.CREATE,
                    StandardOpenOption.TRUNCATE_EXISTING,
                    StandardOpenOption.WRITE);
        }

        void append(float[] values) throws IOException {
            ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
            bytes.asFloatBuffer().put(values);
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        }

        void commit() throws IOException {
            channel.force(true);
            channel.close();
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
        }

        @Override
        public void close() throws IOException {
            channel.close();
            Files.deleteIfExists(temporary);
        }
    }
}
