package dev.pbs2p.cli.chat;

import dev.pbs2p.format.FormatException;
import dev.pbs2p.tokenizer.Message;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// Reads questions and commands until the input ends; shows answers as they come, with their cost.
public final class Repl {

    private final Session session;
    private final LineConsole console;
    private final String model;
    private final List<Command> commands = List.of(
            new Command("/help", "", "shows this list", argument -> help()),
            new Command("/reset", "", "forgets the conversation", argument -> reset()),
            new Command("/system", "[TEXT]", "shows or replaces the system prompt (- for none)", this::system),
            new Command("/set", "[NAME VALUE]", "shows or changes how answers are sampled", this::set),
            new Command("/stats", "", "what the answers cost so far", argument -> stats()),
            new Command("/save", "FILE", "writes the conversation to a JSON file", this::save),
            new Command("/load", "FILE", "goes on with a saved conversation", this::load),
            new Command("/quit", "", "ends the chat (so does Ctrl-D)", argument -> quit()));
    private final List<String> names = commands.stream().map(Command::name).toList();

    private boolean open = true;
    private int answers;
    private int generated;
    private Session.@Nullable Reply last;

    /// @param model what is chatted with, for saved conversations
    public Repl(Session session, LineConsole console, String model) {
        this.session = session;
        this.console = console;
        this.model = model;
    }

    /// Runs to the end of the input or `/quit`.
    public void run() {
        session.banner().forEach(console::note);
        while (open) {
            String input = console.read(names);
            if (input == null) {
                break;
            }
            String text = MultiLine.content(input);
            if (!text.isEmpty()) {
                handle(text);
            }
        }
    }

    private void handle(String text) {
        try {
            if (text.startsWith("/") && !text.contains("\n")) {
                command(text);
            } else {
                answer(text);
            }
        } catch (IllegalArgumentException | FormatException e) {
            console.note(String.valueOf(e.getMessage()));
        }
    }

    private void command(String text) {
        int space = text.indexOf(' ');
        String name = space < 0 ? text : text.substring(0, space);
        String argument = space < 0 ? "" : text.substring(space + 1).strip();
        for (Command command : commands) {
            if (command.name().equals(name)) {
                command.action().run(argument);
                return;
            }
        }
        throw new IllegalArgumentException("there is no command " + name + " (/help lists them)");
    }

    private void answer(String text) {
        BooleanSupplier stop = console.watchInterrupt();
        Session.Reply reply = session.answer(text, console::answer, stop);
        console.answer("\n");
        last = reply;
        answers++;
        generated += reply.generated();
        console.note(cost(reply));
    }

    private static String cost(Session.Reply reply) {
        return String.format(
                Locale.ROOT,
                "[%s%d tokens, %.1f/s; first after %.0f ms, %d read; context %d/%d]",
                reply.stopped() ? "stopped; " : "",
                reply.generated(),
                reply.tokensPerSecond(),
                reply.firstTokenMillis(),
                reply.prompt(),
                reply.contextUsed(),
                reply.context());
    }

    private void help() {
        for (Command command : commands) {
            String left = command.name() + " " + command.argument();
            console.note(String.format(Locale.ROOT, "%-20s %s", left, command.help()));
        }
        console.note("A line that ends in \\ goes on in the next; \"\"\" begins and ends a text of several lines.");
        console.note("Ctrl-C stops an answer and keeps the conversation.");
    }

    private void reset() {
        session.reset();
        console.note("The conversation starts anew.");
    }

    private void system(String text) {
        if (!text.isEmpty()) {
            session.system(text.equals("-") ? null : text);
        }
        String now = session.system();
        console.note(now == null ? "There is no system prompt." : "System prompt: " + now);
    }

    private void set(String argument) {
        if (!argument.isEmpty()) {
            List<String> words = new ArrayList<>(List.of(argument.split("[ =]+")));
            if (words.size() != 2) {
                throw new IllegalArgumentException("/set needs a name and a value, as in /set temperature 0.7");
            }
            session.set(words.get(0), words.get(1));
        }
        session.settings().forEach((name, value) -> console.note(name + " = " + value));
    }

    private void stats() {
        console.note(answers + " answers, " + generated + " tokens");
        if (last != null) {
            console.note("last: " + cost(last));
        }
    }

    private void save(String file) {
        new Transcript(model, session.messages()).write(path(file));
        console.note("Saved to " + file + ".");
    }

    private void load(String file) {
        Transcript transcript = Transcript.read(path(file));
        session.restore(transcript.messages());
        for (Message message : transcript.messages()) {
            console.note(message.role() + ": " + message.content());
        }
        if (!transcript.model().equals(model)) {
            console.note("This conversation was held with " + transcript.model() + ".");
        }
    }

    private static Path path(String file) {
        if (file.isEmpty()) {
            throw new IllegalArgumentException("which file? For example: /save talk.json");
        }
        return Path.of(file);
    }

    private void quit() {
        open = false;
    }

    private record Command(String name, String argument, String help, Action action) {}

    @FunctionalInterface
    private interface Action {
        void run(String argument);
    }
}
