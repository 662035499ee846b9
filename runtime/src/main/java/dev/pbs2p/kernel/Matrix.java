package dev.pbs2p.kernel;

/// rows × cols float32 values that live where a backend computes; made and read only by that backend.
public interface Matrix {

    int rows();

    int cols();
}
