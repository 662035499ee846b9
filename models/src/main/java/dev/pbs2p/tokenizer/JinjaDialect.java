package dev.pbs2p.tokenizer;

import com.hubspot.jinjava.Jinjava;
import com.hubspot.jinjava.JinjavaConfig;
import com.hubspot.jinjava.LegacyOverrides;
import com.hubspot.jinjava.el.JinjavaInterpreterResolver;
import com.hubspot.jinjava.interpret.Context;
import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import com.hubspot.jinjava.lib.filter.AdvancedFilter;
import com.hubspot.jinjava.lib.fn.ELFunctionDefinition;
import com.hubspot.jinjava.objects.date.StrftimeFormatter;
import java.time.ZonedDateTime;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import jinjava.javax.el.CompositeELResolver;
import org.jspecify.annotations.Nullable;

/// Jinjava, taught what Hugging Face's templates use and it lacks or does differently. Loaded only where a chat needs
/// it, for it is large.
final class JinjaDialect {

    /// The variable that holds the time of rendering.
    static final String NOW = "__now";

    private static final Jinjava JINJAVA = create();

    private JinjaDialect() {}

    static Jinjava jinjava() {
        return JINJAVA;
    }

    /// @throws dev.pbs2p.format.FormatException if the template uses a filter or test that is not known
    static void check(TemplateSource template) {
        Context global = JINJAVA.getGlobalContext();
        template.check(name -> global.getFilter(name) != null, name -> global.getExpTest(name) != null);
    }

    /// A template's own refusal of a conversation.
    static final class Refusal extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Refusal(String message) {
            super(message);
        }
    }

    private static Jinjava create() {
        CompositeELResolver resolver = new CompositeELResolver();
        resolver.add(new PythonStrings());
        resolver.add(JinjavaInterpreterResolver.DEFAULT_RESOLVER_READ_ONLY);
        Jinjava jinjava = new Jinjava(JinjavaConfig.newBuilder()
                .withLegacyOverrides(LegacyOverrides.newBuilder()
                        .withEvaluateMapKeys(true)
                        .withIterateOverMapKeys(true)
                        .withKeepNullableLoopValues(true)
                        .withUseNaturalOperatorPrecedence(true)
                        .build())
                .withNestedInterpretationEnabled(false) // a user's text is never a template
                .withKeepTrailingNewline(true)
                .withEnableRecursiveMacroCalls(true)
                .withMaxMacroRecursionDepth(50)
                .withMaxOutputSize(64 << 20)
                .withElResolver(resolver)
                .build());
        Context global = jinjava.getGlobalContext();
        global.registerTag(new JinjaLoop());
        global.registerFilter(new ToJson());
        global.registerFunction(function("output", Object.class));
        global.registerFunction(function("raise_exception", Object.class));
        global.registerFunction(function("strftime_now", String.class));
        return jinjava;
    }

    private static ELFunctionDefinition function(String name, Class<?> argument) {
        return new ELFunctionDefinition("", name, JinjaDialect.class, name, argument);
    }

    /// The function of that name in templates.
    public static Object raise_exception(Object message) {
        throw new Refusal(String.valueOf(message));
    }

    /// The function of that name in templates: the time, as Python formats it.
    public static String strftime_now(String format) {
        Object now = JinjavaInterpreter.getCurrent().getContext().get(NOW);
        return StrftimeFormatter.format((ZonedDateTime) now, format, Locale.ENGLISH);
    }

    /// What `{{ … }}` prints, as Python would.
    public static String output(@Nullable Object value) {
        return switch (value) {
            case null -> "";
            case Boolean truth -> truth ? "True" : "False";
            case List<?> _ -> throw new IllegalArgumentException("a list is printed, not a text");
            case Map<?, ?> _ -> throw new IllegalArgumentException("a mapping is printed, not a text");
            default -> value.toString();
        };
    }

    /// Python's `json.dumps` with `ensure_ascii=False`.
    private static final class ToJson implements AdvancedFilter {
        @Override
        public String getName() {
            return "tojson";
        }

        @Override
        public Object filter(
                @Nullable Object value, JinjavaInterpreter interpreter, Object[] args, Map<String, Object> named) {
            Object indent = args.length > 0 ? args[0] : named.get("indent");
            return new PythonJson(indent instanceof Number n ? n.intValue() : -1).write(value);
        }
    }
}
