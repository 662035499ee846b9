package dev.pbs2p.tokenizer;

import dev.pbs2p.format.FormatException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Splits a Jinja template into tags and the text between them, by Jinja's own rules of whitespace control (with
/// `trim_blocks` and `lstrip_blocks`, as Hugging Face sets them), and writes it down again so that no rule is left to
/// apply: every text and every string literal becomes a variable, and every tag takes one line, so that a line number
/// leads back to the tag's place.
final class TemplateSource {

    private static final Set<String> BLOCKS = Set.of(
            "if",
            "elif",
            "else",
            "endif",
            "for",
            "endfor",
            "set",
            "endset",
            "macro",
            "endmacro",
            "break",
            "continue",
            "do",
            "call",
            "endcall");
    /// Marks for training which text is the model's; means nothing here.
    private static final Set<String> MARKS = Set.of("generation", "endgeneration");

    private static final Pattern OPEN = Pattern.compile("\\{[%{#]");
    private static final Pattern END_RAW = Pattern.compile("\\{%[-+]?\\s*endraw\\s*[-+]?%}");
    private static final Pattern NAME = Pattern.compile("\\w*");
    private static final Pattern FILTER = Pattern.compile("\\|\\s*(\\w+)");
    private static final Pattern TEST = Pattern.compile("\\bis\\s+(?:not\\s+)?(\\w+)");

    private final String source;
    private final StringBuilder out = new StringBuilder();
    private final List<Integer> tags = new ArrayList<>(); // where the tag of each line of `out` begins
    private final List<Use> uses = new ArrayList<>();
    private final Map<String, Object> constants = new LinkedHashMap<>();
    private int at;

    private TemplateSource(String template) {
        String lines = template.replace("\r\n", "\n").replace('\r', '\n');
        this.source = lines.endsWith("\n") ? lines.substring(0, lines.length() - 1) : lines;
    }

    /// A filter (`| name`) or a test (`is name`) that the template uses.
    private record Use(String kind, String name, int offset) {}

    /// @throws FormatException if a tag is not closed, or is one that chat templates do not use
    static TemplateSource of(String template) {
        TemplateSource result = new TemplateSource(template);
        result.split();
        return result;
    }

    /// The rewritten template.
    String rewritten() {
        return out.toString();
    }

    /// The variables of the rewritten template.
    Map<String, Object> constants() {
        return constants;
    }

    /// Checks the filters and tests that the template uses: an unknown one would silently give nothing.
    ///
    /// @throws FormatException if one is unknown
    void check(Predicate<String> isFilter, Predicate<String> isTest) {
        for (Use use : uses) {
            boolean known = use.kind().equals("filter") ? isFilter.test(use.name()) : isTest.test(use.name());
            if (!known) {
                throw error(use.offset(), "the " + use.kind() + " " + use.name() + " is not known");
            }
        }
    }

    /// Where the tag on a line of the rewritten template stands in the original, for messages.
    String place(int line) {
        if (tags.isEmpty()) {
            return "line 1, column 1";
        }
        int start = tags.get(Math.clamp(line - 2, 0, tags.size() - 1));
        int end = Math.min(source.length(), start + 60);
        String tag = source.substring(start, end).lines().findFirst().orElse("");
        return where(start) + " (" + tag + (end < source.length() ? "…" : "") + ")";
    }

    /// A message about the rewritten template with its variables turned back into what they stand for.
    String readable(String message) {
        return Pattern.compile("__\\d+").matcher(message).replaceAll(name -> {
            Object value = constants.get(name.group());
            return Matcher.quoteReplacement(value == null ? name.group() : "'" + value + "'");
        });
    }

    private String where(int offset) {
        String before = source.substring(0, offset);
        long line = before.chars().filter(c -> c == '\n').count() + 1;
        return "line " + line + ", column " + (offset - before.lastIndexOf('\n'));
    }

    private FormatException error(int offset, String problem) {
        return new FormatException("the chat template has an error at " + where(offset) + ": " + problem);
    }

    private void split() {
        Matcher open = OPEN.matcher(source);
        while (open.find(at)) {
            text(at, open.start(), source.charAt(open.start() + 1) != '{');
            switch (source.charAt(open.start() + 1)) {
                case '#' -> comment(open.start());
                case '{' -> expression(open.start());
                default -> block(open.start());
            }
        }
        literal(source.substring(at), source.length());
    }

    /// Text before a tag that begins at `end`; the tag's sign, or `lstrip_blocks`, may take whitespace off its end.
    private void text(int start, int end, boolean strips) {
        String text = source.substring(start, end);
        char sign = end + 2 < source.length() ? source.charAt(end + 2) : ' ';
        if (sign == '-') {
            text = text.stripTrailing();
        } else if (sign != '+' && strips) {
            int line = text.lastIndexOf('\n') + 1;
            boolean lineBegins = line > 0 || start == 0 || source.charAt(start - 1) == '\n';
            text = lineBegins && text.substring(line).isBlank() ? text.substring(0, line) : text;
        }
        literal(text, start);
    }

    private void literal(String text, int start) {
        if (!text.isEmpty()) {
            tag("{{ " + constant(text), "}}", start);
        }
    }

    private String constant(String value) {
        String name = "__" + constants.size();
        constants.put(name, value);
        return name;
    }

    private void tag(String body, String end, int start) {
        FILTER.matcher(body).results().forEach(use -> uses.add(new Use("filter", use.group(1), start)));
        TEST.matcher(body).results().forEach(use -> uses.add(new Use("test", use.group(1), start)));
        out.append(body).append('\n').append(end);
        tags.add(start);
    }

    private void comment(int start) {
        int end = source.indexOf("#}", start + 2);
        if (end < 0) {
            throw error(start, "the comment is not closed with #}");
        }
        at = end + 2;
        afterTag(source.charAt(end - 1), true);
    }

    private void expression(int start) {
        String body = body(start, '}');
        tag("{{ output(" + body + ")", "}}", start);
    }

    private void block(int start) {
        String body = body(start, '%').strip();
        Matcher name = NAME.matcher(body);
        String word = name.lookingAt() ? name.group() : "";
        if (word.equals("raw")) {
            raw(start);
        } else if (BLOCKS.contains(word)) {
            tag("{% " + body, "%}", start);
        } else if (!MARKS.contains(word)) {
            throw error(start, "the tag " + word + " is not known in chat templates");
        }
    }

    private void raw(int start) {
        if (source.charAt(at - 1) == '\n' && source.charAt(at - 2) == '}' && source.charAt(at - 4) != '-') {
            at--; // trim_blocks does not reach into raw text
        }
        Matcher end = END_RAW.matcher(source);
        if (!end.find(at)) {
            throw error(start, "the raw block is not closed with {% endraw %}");
        }
        text(at, end.start(), true);
        at = end.end();
        afterTag(source.charAt(at - 3), true);
    }

    /// Reads a tag's body up to its end, with string literals replaced; moves on behind the tag.
    private String body(int start, char close) {
        StringBuilder body = new StringBuilder();
        int depth = 0;
        int i = start + 2;
        if (i < source.length() && (source.charAt(i) == '-' || source.charAt(i) == '+')) {
            i++;
        }
        while (i + 1 < source.length()) {
            char c = source.charAt(i);
            int sign = (c == '-' || (c == '+' && close == '%')) && i + 2 < source.length() ? 1 : 0;
            if (depth == 0 && source.charAt(i + sign) == close && source.charAt(i + sign + 1) == '}') {
                at = i + sign + 2;
                afterTag(sign == 1 ? c : ' ', close == '%');
                return body.toString();
            }
            if (c == '\'' || c == '"') {
                int end = closingQuote(i);
                body.append(constant(string(i + 1, end)));
                i = end + 1;
                continue;
            }
            depth += "([{".indexOf(c) >= 0 ? 1 : ")]}".indexOf(c) >= 0 ? -1 : 0;
            // Braces stand apart, so that two never look like the end of the tag.
            body.append(c == '\n' ? " " : c == '{' || c == '}' ? " " + c + " " : String.valueOf(c));
            i++;
        }
        throw error(start, "the tag is not closed with " + close + "}");
    }

    /// Takes whitespace off the text behind a tag, as the sign at the tag's end or `trim_blocks` says.
    private void afterTag(char sign, boolean trims) {
        if (sign == '-') {
            while (at < source.length() && Character.isWhitespace(source.charAt(at))) {
                at++;
            }
        } else if (sign != '+' && trims && at < source.length() && source.charAt(at) == '\n') {
            at++;
        }
    }

    private int closingQuote(int open) {
        for (int i = open + 1; i < source.length(); i++) {
            if (source.charAt(i) == '\\') {
                i++;
            } else if (source.charAt(i) == source.charAt(open)) {
                return i;
            }
        }
        throw error(open, "the string is not closed");
    }

    private String string(int start, int end) {
        try {
            return unescape(source.substring(start, end));
        } catch (NumberFormatException e) {
            throw error(start, "the string has a bad escape");
        }
    }

    private static String unescape(String literal) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < literal.length(); i++) {
            char c = literal.charAt(i);
            if (c != '\\' || i + 1 == literal.length()) {
                text.append(c);
                continue;
            }
            char escape = literal.charAt(++i);
            int digits = escape == 'x' ? 2 : escape == 'u' ? 4 : 0;
            if (digits > 0 && i + digits < literal.length()) {
                text.append((char) HexFormat.fromHexDigits(literal, i + 1, i + 1 + digits));
                i += digits;
                continue;
            }
            int known = "ntr\\'\"".indexOf(escape);
            text.append(known < 0 ? "\\" + escape : String.valueOf("\n\t\r\\'\"".charAt(known)));
        }
        return text.toString();
    }
}
