package dev.pbs2p.cli;

import dev.pbs2p.hub.Hub;
import dev.pbs2p.hub.HubName;
import dev.pbs2p.hub.HubSettings;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// Pulls a model from a hub.
@Command(
        name = "pull",
        description = "Pulls a model from Hugging Face (or HF_ENDPOINT, as HF_TOKEN) into the cache that its own tools"
                + " use. A pull that was stopped goes on where it was.")
final class PullCommand implements Callable<Integer> {

    @Parameters(paramLabel = "ORG/NAME", description = "The model's name on the hub.")
    private String model = "";

    @Option(
            names = "--revision",
            paramLabel = "NAME",
            defaultValue = "main",
            description = "A branch, tag or commit (default: main).")
    private String revision = "main";

    @Mixin
    private final Output output = new Output();

    @Override
    public Integer call() throws IOException {
        HubName name = HubName.of(model)
                .orElseThrow(() -> new IllegalArgumentException(
                        "a model on a hub is called ORG/NAME, as HuggingFaceTB/SmolLM2-135M, not " + model));
        PrintWriter out = output.out();
        Hub.Pulled pulled = pull(name);
        if (output.json()) {
            output.print(
                    "directory", pulled.directory().toString(),
                    "files", pulled.files(),
                    "bytes", pulled.bytes(),
                    "fetched", pulled.fetched());
        } else {
            out.println(name + " is in " + pulled.directory());
            out.flush();
        }
        return 0;
    }

    private Hub.Pulled pull(HubName name) throws IOException {
        PrintWriter err = output.err();
        try (ProgressLine line = new ProgressLine(err)) {
            return new Hub(HubSettings.of(System.getenv())).pull(name, revision, new Hub.Listener() {
                @Override
                public void planned(int files, long bytes, long missing, long free) {
                    err.println(files + " files, " + Units.bytes(bytes) + "; " + Units.bytes(missing) + " to fetch, "
                            + Units.bytes(free) + " free");
                }

                @Override
                public void fetched(String file, long fetched, long missing) {
                    line.update("pulling", fetched, missing, Units::bytes, file);
                }
            });
        }
    }
}
