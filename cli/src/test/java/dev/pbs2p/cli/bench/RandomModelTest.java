package dev.pbs2p.cli.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pbs2p.format.Packing;
import dev.pbs2p.format.Pbs2pFile;
import dev.pbs2p.model.LanguageModel;
import dev.pbs2p.tensor.Codes;
import dev.pbs2p.tensor.PackedFormat;
import dev.pbs2p.tensor.PackedMatrix;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class RandomModelTest {

    private static final Shape SMALL = new Shape("small", 256, 384, 2, 4, 2, 32, 64);

    @TempDir
    private Path folder;

    static Stream<PackedFormat> formats() {
        return Stream.of(
                new PackedFormat(8, 16, true, 128, 1, false, false),
                new PackedFormat(4, 8, true, 128, 3, true, false),
                new PackedFormat(16, 16, true, 128, 2, false, false));
    }

    @ParameterizedTest
    @MethodSource("formats")
    void isAValidModelThatWrites(PackedFormat format) throws IOException {
        Path file = folder.resolve("model.pbs2p");
        RandomModel.write(SMALL, format, file);
        try (Pbs2pFile packed = Pbs2pFile.open(file)) {
            packed.verify();
            int linears = 0;
            for (String name : packed.names()) {
                if (packed.weight(name) instanceof PackedMatrix matrix) {
                    keepsExactlyN(Packing.unpack(matrix));
                    linears++;
                }
            }
            assertEquals(2 * 7, linears);
        }
        try (LanguageModel model = LanguageModel.open(file)) {
            // Throws if the logits are not finite.
            assertTrue(model.generate("w3 w14 w15", 4, _ -> {}).text().contains("w"));
        }
    }

    private static void keepsExactlyN(Codes codes) {
        int m = codes.format().m();
        for (int row = 0; row < codes.rows(); row++) {
            for (int from = 0; from < codes.cols(); from += 8 * m) {
                int kept = 0;
                for (int col = from; col < from + 8 * m; col += 8) {
                    kept += codes.code()[row * codes.cols() + col] == 0 ? 0 : 1;
                }
                assertEquals(codes.format().n(), kept);
            }
        }
    }

    @Test
    void aCachedFileIsUsedAgain() throws IOException {
        PackedFormat format = new PackedFormat(8, 16, true, 128, 1, false, false);
        Path file = RandomModel.cached(SMALL, format, folder.resolve("new"));
        Files.writeString(file, "mine");
        assertEquals(file, RandomModel.cached(SMALL, format, folder.resolve("new")));
        assertEquals("mine", Files.readString(file));
    }

    @Test
    void onlyWholeUnits() {
        Shape odd = new Shape("odd", 200, 384, 1, 4, 2, 320, 64);
        PackedFormat format = new PackedFormat(8, 16, true, 128, 1, false, false);
        assertThrows(IllegalArgumentException.class, () -> RandomModel.write(odd, format, folder.resolve("odd.pbs2p")));
        assertThrows(IllegalArgumentException.class, () -> Shape.named("llama-8b"));
    }
}
