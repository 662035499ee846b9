package dev.pbs2p.eval;

import java.util.Locale;

/// Python's string functions, which define the prompts of the tasks.
final class PythonText {

    private PythonText() {}

    /// `text.strip()`.
    static String strip(String text) {
        int end = text.length() - trailingSpaces(text);
        int start = 0;
        while (start < end && isSpace(text.charAt(start))) {
            start++;
        }
        return text.substring(start, end);
    }

    /// `len(text) - len(text.rstrip())`.
    static int trailingSpaces(String text) {
        int end = text.length();
        while (end > 0 && isSpace(text.charAt(end - 1))) {
            end--;
        }
        return text.length() - end;
    }

    /// `text.capitalize()`: all but the first letter become small.
    static String capitalize(String text) {
        if (text.isEmpty()) {
            return text;
        }
        int first = text.offsetByCodePoints(0, 1);
        return text.substring(0, first).toUpperCase(Locale.ROOT)
                + text.substring(first).toLowerCase(Locale.ROOT);
    }

    /// `len(text)`.
    static int length(String text) {
        return text.codePointCount(0, text.length());
    }

    /// Unlike Java, Python strips spaces that do not break (U+00A0) and U+0085.
    private static boolean isSpace(char c) {
        return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == '\u0085';
    }
}
