package dev.pbs2p.tokenizer;

import com.hubspot.jinjava.interpret.InterpretException;
import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import com.hubspot.jinjava.lib.tag.ForTag;
import com.hubspot.jinjava.tree.Node;
import com.hubspot.jinjava.tree.TagNode;
import com.hubspot.jinjava.tree.output.OutputNode;
import com.hubspot.jinjava.tree.output.RenderedOutputNode;
import com.hubspot.jinjava.tree.parse.TagToken;
import com.hubspot.jinjava.util.ForLoop;
import com.hubspot.jinjava.util.ObjectIterator;
import com.hubspot.jinjava.util.ObjectTruthValue;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// `{% for x in items if condition %} … {% else %} … {% endfor %}`: Jinjava's own loop ignores the condition and runs
/// the `else` part every time.
final class JinjaLoop extends ForTag {

    private static final long serialVersionUID = 1L;

    /// The variable that counts the rounds of all loops of a rendering.
    static final String ROUNDS = "__rounds";

    /// A hostile template nests loops until they never end; a conversation of thousands of messages needs fewer.
    private static final int MOST_ROUNDS = 10_000;

    private static final Pattern HEAD = Pattern.compile("\\s*(\\w+(?:\\s*,\\s*\\w+)*)\\s+in\\s+(.*)", Pattern.DOTALL);

    @Override
    public String interpretUnchecked(TagNode node, JinjavaInterpreter interpreter) {
        Matcher head = HEAD.matcher(((TagToken) node.getMaster()).getHelpers());
        if (!head.matches() || head.group(2).strip().endsWith(" recursive")) {
            throw new InterpretException("this kind of loop is not known in chat templates", node.getLineNumber(), 1);
        }
        List<String> names = List.of(head.group(1).split("\\s*,\\s*"));
        String source = head.group(2);
        int condition = topLevelIf(source);
        String items = condition < 0 ? source : source.substring(0, condition);
        ForLoop all = ObjectIterator.getLoop(interpreter.resolveELExpression(items, node.getLineNumber()));
        List<Object> chosen = new ArrayList<>();
        while (all.hasNext()) {
            Object item = all.next();
            count(node, interpreter);
            if (condition < 0 || holds(source.substring(condition + 2), names, item, node, interpreter)) {
                chosen.add(item);
            }
        }
        return chosen.isEmpty()
                ? render(part(node, true), interpreter)
                : renderForCollection(copy(node, part(node, false)), interpreter, names, chosen);
    }

    private static void count(TagNode node, JinjavaInterpreter interpreter) {
        if (interpreter.getContext().get(ROUNDS) instanceof AtomicInteger rounds
                && rounds.incrementAndGet() > MOST_ROUNDS) {
            throw new InterpretException(
                    "its loops take more than " + MOST_ROUNDS + " rounds", node.getLineNumber(), 1);
        }
    }

    /// Where the condition's `if` stands outside all brackets, or -1.
    private static int topLevelIf(String text) {
        int depth = 0;
        for (int i = 0; i + 2 < text.length(); i++) {
            char c = text.charAt(i);
            depth += "([{".indexOf(c) >= 0 ? 1 : ")]}".indexOf(c) >= 0 ? -1 : 0;
            if (depth == 0
                    && text.startsWith("if", i)
                    && !Character.isJavaIdentifierPart(text.charAt(i - 1))
                    && !Character.isJavaIdentifierPart(text.charAt(i + 2))) {
                return i;
            }
        }
        return -1;
    }

    private static boolean holds(
            String condition, List<String> names, Object item, TagNode node, JinjavaInterpreter interpreter) {
        if (names.size() > 1) {
            throw new InterpretException("a filtered loop over pairs is not supported", node.getLineNumber(), 1);
        }
        try (JinjavaInterpreter.InterpreterScopeClosable _ = interpreter.enterScope()) {
            interpreter.getContext().put(names.getFirst(), interpreter.wrap(item));
            return ObjectTruthValue.evaluate(interpreter.resolveELExpression(condition, node.getLineNumber()));
        }
    }

    /// The nodes of the loop's body, or those after its `else`.
    private static List<Node> part(TagNode node, boolean afterElse) {
        List<Node> nodes = new ArrayList<>();
        boolean after = false;
        for (Node child : node.getChildren()) {
            if (child.getName().equals("else")) {
                after = true;
            } else if (after == afterElse) {
                nodes.add(child);
            }
        }
        return nodes;
    }

    private static TagNode copy(TagNode node, List<Node> children) {
        TagNode copy = new TagNode(node.getTag(), (TagToken) node.getMaster(), node.getSymbols());
        copy.getChildren().add(new Iteration(node, children));
        return copy;
    }

    private static String render(List<Node> nodes, JinjavaInterpreter interpreter) {
        StringBuilder text = new StringBuilder();
        nodes.forEach(node -> text.append(node.render(interpreter)));
        return text.toString();
    }

    /// The body of a loop as one node: what an iteration sets is gone in the next.
    private static final class Iteration extends Node {
        private static final long serialVersionUID = 1L;

        private final transient List<Node> body;

        Iteration(TagNode loop, List<Node> body) {
            super(loop.getMaster(), loop.getLineNumber(), loop.getStartPosition());
            this.body = body;
        }

        @Override
        public OutputNode render(JinjavaInterpreter interpreter) {
            StringBuilder text = new StringBuilder();
            try (JinjavaInterpreter.InterpreterScopeClosable _ = interpreter.enterScope()) {
                for (Node node : body) {
                    text.append(node.render(interpreter));
                    if (interpreter.getContext().get(LOOP) instanceof ForLoop loop && loop.isContinued()) {
                        break;
                    }
                }
            }
            return new RenderedOutputNode(text.toString());
        }

        @Override
        public String getName() {
            return "iteration";
        }
    }
}
