import org.jspecify.annotations.NullMarked;

/// Checkpoints, tokenizers, architectures and their evaluation.
@NullMarked
module dev.pbs2p.models {
    requires transitive dev.pbs2p.runtime;
    requires ai.djl.tokenizers;
    requires tools.jackson.databind;
    requires static transitive org.jspecify;

    exports dev.pbs2p.weights;
    exports dev.pbs2p.tokenizer;
    exports dev.pbs2p.model;
    exports dev.pbs2p.eval;
}
