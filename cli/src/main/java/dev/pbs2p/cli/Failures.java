package dev.pbs2p.cli;

import dev.pbs2p.format.FormatException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IExecutionStrategy;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/// Turns whatever went wrong into one sentence on the error stream and an exit code: 2 for a command line that makes no
/// sense, 1 for all else. Stack traces are for `--debug`.
///
/// A class where lambdas would do: picocli's classes are so old that the launcher's archive leaves out those which a
/// lambda implements, and its jar is opened for them.
final class Failures implements IExecutionStrategy, IParameterExceptionHandler, IExecutionExceptionHandler {

    private static final int USAGE = 2;
    private static final int FAILED = 1;

    private final Main main;

    private Failures(Main main) {
        this.main = main;
    }

    static void install(CommandLine root, Main main) {
        Failures failures = new Failures(main);
        root.setExecutionStrategy(failures)
                .setParameterExceptionHandler(failures)
                .setExecutionExceptionHandler(failures);
    }

    @Override
    public int handleParseException(ParameterException e, String[] arguments) {
        return usage(e);
    }

    @Override
    public int handleExecutionException(Exception e, CommandLine command, ParseResult parsed) {
        return failed(e, command);
    }

    /// Runs a parsed command so that errors of the virtual machine (no memory, a native library that does not load) end
    /// in a sentence too.
    @Override
    public int execute(ParseResult parsed) {
        try {
            return new CommandLine.RunLast().execute(parsed);
        } catch (OutOfMemoryError | LinkageError e) {
            return failed(e, parsed.commandSpec().commandLine());
        }
    }

    private static int usage(ParameterException e) {
        CommandLine command = e.getCommandLine();
        command.getErr()
                .println("pbs2p: " + oneLine(e.getMessage()) + " (see "
                        + command.getCommandSpec().qualifiedName() + " --help)");
        return USAGE;
    }

    private int failed(Throwable e, CommandLine command) {
        if (e instanceof ParameterException wrong) {
            return usage(wrong);
        }
        command.getErr().println("pbs2p: " + sentence(e));
        if (main.debug()) {
            e.printStackTrace(command.getErr());
        }
        command.getErr().flush();
        return FAILED;
    }

    static String sentence(Throwable e) {
        return switch (e) {
            case FormatException known -> oneLine(known.getMessage());
            case IllegalArgumentException known when known.getMessage() != null -> oneLine(known.getMessage());
            case IllegalStateException known when known.getMessage() != null -> oneLine(known.getMessage());
            case UncheckedIOException wrapped when wrapped.getCause() != null -> sentence(wrapped.getCause());
            case NoSuchFileException missing -> missing.getFile() + " does not exist";
            case NotDirectoryException file -> file.getFile() + " is not a directory";
            case AccessDeniedException denied -> "no permission for " + denied.getFile();
            case FileSystemException system
            when system.getReason() != null -> system.getFile() + ": " + oneLine(system.getReason());
            case IOException io -> "input or output failed: " + oneLine(io.getMessage());
            case OutOfMemoryError memory ->
                "not enough memory: close other programs, or raise the heap with PBS2P_JAVA_OPTIONS=-Xmx<size>";
            case UnsatisfiedLinkError library -> "a native library cannot be loaded: " + oneLine(library.getMessage());
            default ->
                "unexpected " + e.getClass().getSimpleName() + ": " + oneLine(e.getMessage())
                        + " (--debug shows where)";
        };
    }

    private static String oneLine(@org.jspecify.annotations.Nullable String message) {
        return message == null ? "no details" : message.strip().replaceAll("\\s*\\R\\s*", " ");
    }
}
