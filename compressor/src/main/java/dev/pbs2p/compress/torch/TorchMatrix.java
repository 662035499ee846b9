package dev.pbs2p.compress.torch;

import dev.pbs2p.kernel.Matrix;
import org.bytedeco.pytorch.Tensor;

/// A matrix as a float32 tensor of two dimensions; a parameter's tensor can be exchanged.
final class TorchMatrix implements Matrix {

    private final int rows;
    private final int cols;
    private Tensor tensor;

    TorchMatrix(Tensor tensor) {
        this.tensor = tensor;
        this.rows = Math.toIntExact(tensor.size(0));
        this.cols = Math.toIntExact(tensor.size(1));
    }

    static Tensor of(Matrix matrix) {
        return ((TorchMatrix) matrix).tensor;
    }

    /// Uses other values; both tensors are held by reference count, so that this matrix outlives any scope.
    void exchange(Tensor other) {
        other.retainReference();
        tensor.releaseReference();
        tensor = other;
    }

    @Override
    public int rows() {
        return rows;
    }

    @Override
    public int cols() {
        return cols;
    }
}
