package dev.pbs2p.format;

/// A stored model cannot be used; the message says what was seen, what was expected and what to do.
public final class FormatException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public FormatException(String message) {
        super(message);
    }

    public FormatException(String message, Throwable cause) {
        super(message, cause);
    }
}
