package dev.pbs2p.cli;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.logging.LogManager;

/// The logging of this program: warnings alone, for libraries say at length how they work. `java.util.logging` makes an
/// instance when it is first used.
public final class QuietLogs {

    private static final String CONFIGURATION = "handlers = java.util.logging.ConsoleHandler\n.level = WARNING\n";

    /// Configures the logging.
    public QuietLogs() throws IOException {
        LogManager.getLogManager()
                .readConfiguration(new ByteArrayInputStream(CONFIGURATION.getBytes(StandardCharsets.UTF_8)));
    }
}
