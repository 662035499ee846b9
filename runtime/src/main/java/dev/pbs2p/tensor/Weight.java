package dev.pbs2p.tensor;

/// What a linear layer or a table may be stored as: dense values, or packed codes.
public sealed interface Weight permits DenseWeight, PackedMatrix {

    /// Outputs of the layer (rows of the matrix).
    int rows();

    /// Inputs of the layer (columns of the matrix).
    int cols();
}
