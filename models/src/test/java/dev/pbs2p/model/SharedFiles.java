package dev.pbs2p.model;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;

/// Files that tests read: those of the repository, and larger ones that may lie beside it.
public final class SharedFiles {

    private SharedFiles() {}

    /// The bundled demo checkpoint.
    public static Path demo() {
        Path demo = upwards("models/demo/config.json");
        if (demo == null) {
            throw new AssertionError("models/demo is part of the repository");
        }
        return demo.getParent();
    }

    /// A file of the folder `shared` beside the checkout; without it the test is skipped.
    public static Path shared(String name) {
        Path path = upwards("shared/" + name);
        Assumptions.assumeTrue(path != null, "shared/" + name + " is not beside this checkout");
        return path;
    }

    private static Path upwards(String name) {
        for (Path folder = Path.of("").toAbsolutePath(); folder != null; folder = folder.getParent()) {
            if (Files.exists(folder.resolve(name))) {
                return folder.resolve(name);
            }
        }
        return null;
    }
}
