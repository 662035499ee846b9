package dev.pbs2p.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// Measures how good a model is.
@Command(
        name = "eval",
        description = "Measures how good a model is.",
        subcommands = {PerplexityCommand.class, KlCommand.class, TasksCommand.class})
final class EvalCommand implements Runnable {

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "eval needs what to measure: ppl, kl or tasks");
    }
}
