import org.jspecify.annotations.NullMarked;

/// The `pbs2p` command.
@NullMarked
module dev.pbs2p.cli {
    requires java.logging;
    requires dev.pbs2p.compressor;
    requires dev.pbs2p.cuda;
    requires info.picocli;
    requires jdk.management;
    requires org.jline.reader;
    requires org.jline.terminal;
    requires tools.jackson.databind;
    requires static transitive org.jspecify;

    opens dev.pbs2p.cli to
            info.picocli;
    opens dev.pbs2p.cli.bench to
            tools.jackson.databind;
    opens dev.pbs2p.cli.chat to
            tools.jackson.databind;
}
