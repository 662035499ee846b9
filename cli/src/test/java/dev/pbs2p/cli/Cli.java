package dev.pbs2p.cli;

import java.io.PrintWriter;
import java.io.StringWriter;

/// The real command line in this process, with its streams captured.
final class Cli {

    record Result(int code, String out, String err) {}

    private Cli() {}

    static Result run(Object... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        String[] words = new String[arguments.length];
        for (int i = 0; i < words.length; i++) {
            words[i] = String.valueOf(arguments[i]);
        }
        int code = Main.commandLine(new PrintWriter(out), new PrintWriter(err)).execute(words);
        return new Result(code, out.toString(), err.toString());
    }
}
