package dev.pbs2p.cli;

import java.io.Console;

/// Which of the standard streams people look at.
final class Terminals {

    private Terminals() {}

    /// Whether input and output are both a terminal: only then is the chat interactive.
    @SuppressWarnings("SystemConsoleNull") // it does where there is no terminal, on JDK 25
    static boolean interactive() {
        Console console = System.console();
        return console != null && console.isTerminal();
    }

    /// Whether the error stream is a terminal; the launcher knows.
    static boolean errorIsTerminal() {
        return Boolean.getBoolean("pbs2p.terminal");
    }

    /// Wipes the line in which the JVM warns, before anything else runs, that the vector module is an incubator.
    static void wipeIncubatorWarning() {
        if (errorIsTerminal()) {
            System.err.print("\033[1A\r\033[K");
            System.err.flush();
        }
    }
}
