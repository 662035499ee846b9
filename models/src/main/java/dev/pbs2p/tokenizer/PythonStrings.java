package dev.pbs2p.tokenizer;

import java.beans.FeatureDescriptor;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.function.IntPredicate;
import java.util.regex.Pattern;
import jinjava.javax.el.ELContext;
import jinjava.javax.el.ELResolver;
import org.jspecify.annotations.Nullable;

/// Python's methods and indices of strings, in expressions of a template.
final class PythonStrings extends ELResolver {

    @Override
    public @Nullable Object invoke(
            ELContext context,
            @Nullable Object base,
            @Nullable Object method,
            Class<?> @Nullable [] types,
            Object @Nullable [] params) {
        if (!(base instanceof String text) || method == null) {
            return null;
        }
        Object[] arguments = params == null ? new Object[0] : params;
        Object result = call(text, method.toString(), arguments);
        context.setPropertyResolved(true);
        return result;
    }

    private static Object call(String text, String method, Object[] arguments) {
        String first = arguments.length > 0 ? String.valueOf(arguments[0]) : "";
        return switch (method + "/" + arguments.length) {
            case "strip/0" -> text.strip();
            case "lstrip/0" -> text.stripLeading();
            case "rstrip/0" -> text.stripTrailing();
            case "strip/1" -> strip(text, first, true, true);
            case "lstrip/1" -> strip(text, first, true, false);
            case "rstrip/1" -> strip(text, first, false, true);
            case "upper/0" -> text.toUpperCase(Locale.ROOT);
            case "lower/0" -> text.toLowerCase(Locale.ROOT);
            case "title/0" -> Pattern.compile("\\p{L}+").matcher(text).replaceAll(word -> capitalize(word.group()));
            case "capitalize/0" -> capitalize(text);
            case "startswith/1" -> text.startsWith(first);
            case "endswith/1" -> text.endsWith(first);
            case "find/1" -> text.indexOf(first);
            case "replace/2" -> text.replace(first, String.valueOf(arguments[1]));
            case "split/0" ->
                text.isBlank() ? List.of() : Arrays.asList(text.strip().split("\\s+"));
            case "split/1" -> Arrays.asList(text.split(Pattern.quote(first), -1));
            case "split/2" -> Arrays.asList(text.split(Pattern.quote(first), ((Number) arguments[1]).intValue() + 1));
            case "join/1" ->
                String.join(
                        text,
                        ((List<?>) arguments[0]).stream().map(String::valueOf).toList());
            default ->
                throw new IllegalArgumentException("the string method " + method + " with " + arguments.length
                        + " arguments is not known in chat templates");
        };
    }

    private static String capitalize(String text) {
        return text.isEmpty()
                ? text
                : text.substring(0, 1).toUpperCase(Locale.ROOT)
                        + text.substring(1).toLowerCase(Locale.ROOT);
    }

    private static String strip(String text, String characters, boolean left, boolean right) {
        IntPredicate drops = i -> characters.indexOf(text.charAt(i)) >= 0;
        int start = 0;
        int end = text.length();
        while (left && start < end && drops.test(start)) {
            start++;
        }
        while (right && end > start && drops.test(end - 1)) {
            end--;
        }
        return text.substring(start, end);
    }

    /// The character at an index, which may count from the end.
    @Override
    public @Nullable Object getValue(ELContext context, @Nullable Object base, @Nullable Object property) {
        if (!(base instanceof String text)
                || property == null
                || !property.toString().matches("-?\\d{1,9}")) {
            return null;
        }
        int index = Integer.parseInt(property.toString());
        int at = index < 0 ? text.length() + index : index;
        context.setPropertyResolved(true);
        return at >= 0 && at < text.length() ? text.substring(at, at + 1) : null;
    }

    @Override
    public Class<?> getType(ELContext context, @Nullable Object base, @Nullable Object property) {
        return Object.class;
    }

    @Override
    public void setValue(ELContext context, @Nullable Object base, @Nullable Object property, @Nullable Object value) {}

    @Override
    public boolean isReadOnly(ELContext context, @Nullable Object base, @Nullable Object property) {
        return true;
    }

    @Override
    public @Nullable Iterator<FeatureDescriptor> getFeatureDescriptors(ELContext context, @Nullable Object base) {
        return null;
    }

    @Override
    public @Nullable Class<?> getCommonPropertyType(ELContext context, @Nullable Object base) {
        return null;
    }
}
