package dev.pbs2p.format;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pbs2p.tensor.Loading;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class MappedFileTest {

    /// More than one chunk of a copy.
    private static final int SIZE = (16 << 20) + 12_345;

    @TempDir
    private Path folder;

    @ParameterizedTest
    @EnumSource
    void holdsTheSameBytesHoweverTheyAreLoaded(Loading how) throws IOException {
        assumeTrue(how != Loading.HUGE_PAGES || Pages.obstacle().isEmpty());
        byte[] content = new byte[SIZE];
        new Random(1).nextBytes(content);
        MemorySegment bytes;
        try (MappedFile file = MappedFile.open(Files.write(folder.resolve("file"), content))) {
            file.load(how);
            bytes = file.bytes();
            assertEquals(-1, bytes.mismatch(MemorySegment.ofArray(content)));
            assertEquals(0, bytes.address() % 64);
        }
        MemorySegment closed = bytes;
        assertThrows(IllegalStateException.class, () -> closed.toArray(java.lang.foreign.ValueLayout.JAVA_BYTE));
    }
}
