package dev.pbs2p.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/// The `pbs2p` command.
@Command(name = "pbs2p", mixinStandardHelpOptions = true)
public final class Main implements Runnable {

    @picocli.CommandLine.Spec
    @SuppressWarnings("NullAway.Init")
    private CommandLine.Model.CommandSpec spec;

    static void main(String[] args) {
        System.exit(new CommandLine(new Main()).execute(args));
    }

    @Override
    public void run() {
        spec.commandLine().usage(spec.commandLine().getOut());
    }
}
