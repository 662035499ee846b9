package dev.pbs2p.compress.torch;

import dev.pbs2p.compress.TunedLevels;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/// A linear weight as a differentiable function of its levels: the sum of basis · level, spread over each row's groups.
final class LevelGraph implements AutoCloseable {

    private final TunedLevels levels;
    private final List<Tensor> basis = new ArrayList<>();

    LevelGraph(TunedLevels levels) {
        this.levels = levels;
        try (PointerScope _ = new PointerScope()) {
            for (int which = 0; which < levels.count(); which++) {
                Tensor bytes = Native.empty(torch.ScalarType.Char, levels.rows(), levels.groups(), levels.group());
                Native.fill(bytes, 0, MemorySegment.ofArray(levels.basis(which)));
                Tensor entries = bytes.to(torch.ScalarType.Float);
                entries.retainReference();
                basis.add(entries);
            }
        }
    }

    /// A new leaf with these values: rows × groups × count.
    Tensor leaf(float[] values) {
        Tensor leaf = Native.tensor(values, levels.rows(), levels.groups(), levels.count());
        return leaf.set_requires_grad(true);
    }

    /// The weight (rows × cols) that a leaf stands for.
    Tensor dense(Tensor leaf) {
        Tensor sum = basis.get(0).mul(leaf.narrow(2, 0, 1));
        for (int which = 1; which < basis.size(); which++) {
            sum = sum.add(basis.get(which).mul(leaf.narrow(2, which, 1)));
        }
        return sum.reshape(levels.rows(), (long) levels.groups() * levels.group())
                .narrow(1, 0, levels.cols());
    }

    @Override
    public void close() {
        basis.forEach(Tensor::releaseReference);
    }
}
