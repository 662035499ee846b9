package dev.pbs2p.cli.chat;

/// Input of several lines: a line that ends in a backslash goes on in the next; everything between two `"""` is taken
/// as it is.
final class MultiLine {

    private static final String QUOTES = "\"\"\"";

    private MultiLine() {}

    /// Whether more lines must come before this input ends.
    static boolean incomplete(String text) {
        int open = text.indexOf(QUOTES);
        boolean quoted = open >= 0 && text.substring(0, open).isBlank();
        return quoted ? text.indexOf(QUOTES, open + QUOTES.length()) < 0 : text.endsWith("\\");
    }

    /// The text meant by a complete input.
    static String content(String input) {
        String text = input.strip();
        if (text.startsWith(QUOTES)) {
            int close = text.indexOf(QUOTES, QUOTES.length());
            String inside = text.substring(QUOTES.length(), close < 0 ? text.length() : close);
            return (inside.startsWith("\n") ? inside.substring(1) : inside).stripTrailing();
        }
        return text.replace("\\\n", "\n");
    }
}
