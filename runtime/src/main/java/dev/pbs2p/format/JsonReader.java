package dev.pbs2p.format;

/// Reads the JSON that a safetensors header may hold (objects, arrays, strings, whole numbers from 0), strictly and
/// front to back. The caller says what comes next, so nothing nests deeper than the caller asks for.
final class JsonReader {

    private final String text;
    private int at;
    private boolean first;

    JsonReader(String text) {
        this.text = text;
    }

    /// Enters an object or array.
    void open(char bracket) {
        expect(bracket);
        first = true;
    }

    /// Whether another member follows; leaves the object or array when none does.
    boolean next(char closing) {
        boolean beginning = first;
        first = false;
        if (peek() == closing) {
            at++;
            return false;
        }
        if (!beginning) {
            expect(',');
        }
        return true;
    }

    /// The name of an object's member and the colon after it.
    String name() {
        String name = string();
        expect(':');
        return name;
    }

    /// The end of the text.
    void end() {
        peek();
        if (at < text.length()) {
            throw wrong("the end");
        }
    }

    long number() {
        if (peek() == '-') {
            throw new FormatException("a negative number at character " + at + " of the header");
        }
        int begin = at;
        while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
            at++;
        }
        if (at == begin || (at > begin + 1 && text.charAt(begin) == '0')) {
            at = begin;
            throw wrong("a whole number");
        }
        try {
            return Long.parseLong(text, begin, at, 10);
        } catch (NumberFormatException e) {
            throw new FormatException("a number beyond 2^63 at character " + begin + " of the header", e);
        }
    }

    String string() {
        expect('"');
        int begin = at;
        int plain = at;
        while (plain < text.length() && text.charAt(plain) != '"' && text.charAt(plain) != '\\') {
            plain++;
        }
        StringBuilder value = new StringBuilder(plain - begin);
        while (true) {
            char c = take();
            if (c == '"') {
                break;
            }
            if (c < ' ') {
                at--;
                throw wrong("a string without control characters");
            }
            value.append(c == '\\' ? escaped() : c);
        }
        checkSurrogates(value, begin);
        return value.toString();
    }

    private char escaped() {
        char c = take();
        return switch (c) {
            case '"', '\\', '/' -> c;
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'u' -> {
                int code = 0;
                for (int i = 0; i < 4; i++) {
                    int digit = Character.digit(take(), 16);
                    if (digit < 0) {
                        at--;
                        throw wrong("four hexadecimal digits");
                    }
                    code = code * 16 + digit;
                }
                yield (char) code;
            }
            default -> {
                at--;
                throw wrong("an escape that JSON knows");
            }
        };
    }

    private static void checkSurrogates(StringBuilder value, int begin) {
        for (int i = 0; i < value.length(); i++) {
            if (Character.isSurrogate(value.charAt(i))) {
                // A whole pair reads as one supplementary code point; half of one stays a surrogate.
                if (!Character.isSupplementaryCodePoint(value.codePointAt(i))) {
                    throw new FormatException(
                            "half a character in the string at character " + begin + " of the header");
                }
                i++;
            }
        }
    }

    private void expect(char c) {
        if (peek() != c) {
            throw wrong("'" + c + "'");
        }
        at++;
    }

    /// The next character that is no white space, 0 at the end.
    private char peek() {
        while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
        return at < text.length() ? text.charAt(at) : 0;
    }

    private char take() {
        if (at >= text.length()) {
            throw wrong("the end of a string");
        }
        return text.charAt(at++);
    }

    private FormatException wrong(String expected) {
        String seen = at >= text.length() ? "the header ends" : "the header has " + show(text.charAt(at));
        return new FormatException(seen + " at character " + at + " where " + expected + " should be");
    }

    private static String show(char c) {
        return c > ' ' && c < 127 ? "'" + c + "'" : "character " + (int) c;
    }
}
