import org.jspecify.annotations.NullMarked;

/// Tensors, kernels, the packed file and the token loop; depends on the JDK alone.
@NullMarked
module dev.pbs2p.runtime {
    requires static jdk.incubator.vector;
    requires static transitive org.jspecify;

    exports dev.pbs2p.tensor;
    exports dev.pbs2p.kernel;
    exports dev.pbs2p.format;
    exports dev.pbs2p.generate;

    uses dev.pbs2p.kernel.Backends.Provider;
}
