import org.jspecify.annotations.NullMarked;

/// The compression algorithms and the loop around them.
@NullMarked
module dev.pbs2p.compressor {
    requires transitive dev.pbs2p.models;
    requires static transitive org.jspecify;
    requires jdk.management;
    requires tools.jackson.databind;
    requires org.bytedeco.javacpp;
    requires org.bytedeco.openblas;
    requires org.bytedeco.pytorch;

    exports dev.pbs2p.compress;
    exports dev.pbs2p.compress.torch;

    provides dev.pbs2p.kernel.Backends.Provider with
            dev.pbs2p.compress.torch.TorchProvider;
}
