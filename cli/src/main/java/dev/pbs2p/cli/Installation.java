package dev.pbs2p.cli;

import java.nio.file.Files;
import java.nio.file.Path;

/// Where this program lies; the launcher knows.
final class Installation {

    private Installation() {}

    /// The directory of the bundled checkpoint.
    static Path demoModel() {
        Path model = Path.of(System.getProperty("pbs2p.home", "."), "models", "demo");
        if (!Files.isDirectory(model)) {
            throw new IllegalArgumentException("the demo's model is not at " + model
                    + ": start pbs2p by its launcher, in the folder that it came in");
        }
        return model;
    }
}
