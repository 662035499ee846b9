package dev.pbs2p.kernel;

/// A weight matrix (with its bias, if any) held where a backend computes.
public interface Linear {

    /// The checkpoint's name of the weight, for example `model.layers.0.self_attn.q_proj.weight`.
    String name();

    int outputs();

    int inputs();
}
