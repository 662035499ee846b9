package dev.pbs2p.cli;

import dev.pbs2p.tensor.Checkpoint;
import dev.pbs2p.tokenizer.Tokenizer;
import dev.pbs2p.weights.Checkpoints;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// Shows how a model reads a text.
@Command(name = "tokenize", description = "Shows the tokens of a text.")
final class TokenizeCommand implements Callable<Integer> {

    @Parameters(paramLabel = "MODEL", converter = ModelPath.class, description = ModelPath.DESCRIPTION)
    @SuppressWarnings("NullAway.Init")
    private Path path;

    @Option(
            names = {"-p", "--prompt"},
            paramLabel = "TEXT",
            required = true,
            description = "The text.")
    private String text = "";

    @Option(names = "--bos", description = "Put the begin-of-text token first, as a prompt has it.")
    private boolean bos;

    @Mixin
    private final Output output = new Output();

    @Override
    public Integer call() {
        PrintWriter out = output.out();
        try (Checkpoint checkpoint = Checkpoints.open(path);
                Tokenizer tokenizer = Tokenizer.of(checkpoint)) {
            int[] tokens = tokenizer.encode(text, bos);
            if (output.json()) {
                output.print("text", text, "tokens", tokens);
                return 0;
            }
            List<String> pieces = tokenizer.pieces(text, bos);
            for (int i = 0; i < tokens.length; i++) {
                out.println(tokens[i] + "\t" + pieces.get(i));
            }
            return 0;
        }
    }
}
