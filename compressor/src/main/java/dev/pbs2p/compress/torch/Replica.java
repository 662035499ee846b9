package dev.pbs2p.compress.torch;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/// One of the models that compute the losses and gradients of a step side by side, each of its share of the windows.
/// The weights are shared; what gradients are asked of is its own.
final class Replica {

    private final TorchBackend backend;
    private final Objective objective;
    private final int together;
    private final List<Tensor> leaves = new ArrayList<>();

    /// What is lowered: a scalar tensor for some of the windows, by index; of all windows, their mean.
    interface Objective {
        Tensor of(int[] windows);
    }

    /// @param together the most windows that are handed to the objective at once
    Replica(TorchBackend backend, Objective objective, int together) {
        this.backend = backend;
        this.objective = objective;
        this.together = together;
    }

    TorchBackend backend() {
        return backend;
    }

    /// Forgets the leaves of the last step.
    void clear() {
        leaves.clear();
    }

    /// Computes with `values`, the next leaf: its gradient can be asked for.
    void bindLeaf(String name, Tensor values) {
        leaves.add(values.detach().set_requires_grad(true));
        backend.bind(name, leaves.getLast());
    }

    /// Of leaf `k`, in the order in which they were bound.
    Tensor gradient(int k) {
        return leaves.get(k).grad();
    }

    /// Adds the gradients of the sum over some windows, divided by `count`, to those that the leaves have.
    ///
    /// @return the sum, divided by `count`
    double addGradients(int[] windows, int count) {
        double sum = 0;
        for (int[] some : WindowOrder.batches(windows, together)) {
            try (PointerScope _ = new PointerScope()) {
                Tensor loss = objective.of(some).mul(new Scalar((double) some.length / count));
                loss.backward();
                sum += loss.item_double();
            }
        }
        return sum;
    }

    /// The sum over some windows.
    ///
    /// @param most windows at once
    double loss(int[] windows, int most) {
        double sum = 0;
        try (NoGradGuard _ = new NoGradGuard()) {
            for (int[] some : WindowOrder.batches(windows, Math.min(most, together))) {
                try (PointerScope _ = new PointerScope()) {
                    sum += objective.of(some).item_double() * some.length;
                }
            }
        }
        return sum;
    }
}
