import org.jspecify.annotations.NullMarked;

/// Checkpoints, tokenizers, architectures and their evaluation.
@NullMarked
module dev.pbs2p.models {
    requires transitive dev.pbs2p.runtime;
    requires ai.djl.tokenizers;
    requires java.net.http;
    requires java.desktop; // the beans in Jinjava's expressions
    requires jinjava;
    requires tools.jackson.databind;
    requires static dev.hardwood.core; // Parquet, where it is there
    requires static transitive org.jspecify;

    exports dev.pbs2p.data;
    exports dev.pbs2p.weights;
    exports dev.pbs2p.tokenizer;
    exports dev.pbs2p.model;
    exports dev.pbs2p.eval;
    exports dev.pbs2p.hub;

    // Its functions are called from templates by reflection.
    opens dev.pbs2p.tokenizer to
            jinjava;
}
