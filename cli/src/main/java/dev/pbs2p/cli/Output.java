package dev.pbs2p.cli;

import java.io.PrintWriter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// Where a command prints, and whether for people or for programs.
final class Output {

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Spec(Spec.Target.MIXEE)
    @SuppressWarnings("NullAway.Init")
    private CommandSpec command;

    /// Whether [#print] is all that goes to [#out].
    boolean json() {
        return json;
    }

    PrintWriter out() {
        return command.commandLine().getOut();
    }

    PrintWriter err() {
        return command.commandLine().getErr();
    }

    /// Prints an object of names and values in turn ([Json#object]).
    void print(Object... namesAndValues) {
        Json.print(out(), Json.object(namesAndValues));
    }
}
