package dev.pbs2p.compress;

import dev.pbs2p.tensor.Codes;
import dev.pbs2p.tensor.PackedFormat;

/// A way to choose the codes and levels of one linear layer from its weights and the Hessian of its inputs.
@FunctionalInterface
public interface Preset {

    /// Codes whose output is close to that of the weight on the inputs seen. Pure and deterministic: the same
    /// arguments give the same codes for any number of threads.
    ///
    /// @param weight rows × cols, finite; not changed
    /// @param hessian of the layer's inputs, of size cols
    Codes compress(float[] weight, int rows, int cols, Hessian hessian, PackedFormat format);
}
