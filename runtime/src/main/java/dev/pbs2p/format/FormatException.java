package dev.pbs2p.format;

/// A stored model cannot be used; the message says in one line what was seen, what was expected and what to do.
public final class FormatException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public FormatException(String message) {
        super(oneLine(message));
    }

    public FormatException(String message, Throwable cause) {
        super(oneLine(message), cause);
    }

    /// Names in a file may hold anything, also what moves a terminal's cursor.
    private static String oneLine(String message) {
        return message.replaceAll("\\p{Cntrl}+", " ");
    }
}
