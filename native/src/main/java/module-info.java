import org.jspecify.annotations.NullMarked;

/// NVIDIA GPUs through the CUDA driver.
@NullMarked
module dev.pbs2p.cuda {
    requires transitive dev.pbs2p.runtime;
    requires static transitive org.jspecify;

    exports dev.pbs2p.cuda;
}
