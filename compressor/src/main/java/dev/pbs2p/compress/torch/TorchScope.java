package dev.pbs2p.compress.torch;

import dev.pbs2p.kernel.Backend;
import dev.pbs2p.kernel.Matrix;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/// A JavaCPP scope; what is made on this thread while it is the innermost is freed when it closes.
final class TorchScope implements Backend.Scope {

    private final @Nullable PointerScope around = PointerScope.getInnerScope();
    private final PointerScope scope = new PointerScope();

    @Override
    public Matrix keep(Matrix x) {
        Tensor tensor = TorchMatrix.of(x);
        if (around == null) {
            tensor.retainReference();
        } else {
            around.attach(tensor);
        }
        return x;
    }

    @Override
    public void close() {
        scope.close();
    }
}
