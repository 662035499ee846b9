package dev.pbs2p.compress;

import dev.pbs2p.format.Packing;
import dev.pbs2p.generate.Model;
import dev.pbs2p.kernel.Backend;
import dev.pbs2p.kernel.KvCache;
import dev.pbs2p.kernel.Matrix;
import dev.pbs2p.kernel.ScalarBackend;
import dev.pbs2p.model.Models;
import dev.pbs2p.tensor.Checkpoint;
import dev.pbs2p.tensor.PackedMatrix;
import dev.pbs2p.tensor.Tensor;
import dev.pbs2p.tensor.Weight;
import java.util.Optional;
import java.util.Set;

/// The error of one linear in block 1, measured by hand: scalar backend, dequantised first block, explicit outputs.
final class BlockInputs {

    private BlockInputs() {}

    static double relativeError(Checkpoint compressed, Checkpoint original, int[] ids, int window, String name) {
        try (ScalarBackend backend = new ScalarBackend();
                Model model = Models.open(new Expanded(compressed, original), backend);
                KvCache cache = backend.window(ids.length / window)) {
            Matrix x = model.block(0, model.embed(ids, cache), cache);
            Tensor gain = (Tensor) original.weight("model.layers.1.input_layernorm.weight");
            Matrix inputs = backend.rmsNorm(x, backend.vector("gain", gain), 1e-5f);
            float[] exact = outputs(backend, inputs, original.weight(name));
            float[] rough = outputs(backend, inputs, expand(compressed.weight(name)));
            double error = 0;
            double size = 0;
            for (int i = 0; i < exact.length; i++) {
                error += Math.pow(exact[i] - rough[i], 2);
                size += Math.pow(exact[i], 2);
            }
            return error / size;
        }
    }

    private static float[] outputs(Backend backend, Matrix x, Weight weight) {
        return backend.read(backend.matmul(x, backend.linear("w", weight, null)));
    }

    private static Tensor expand(Weight weight) {
        PackedMatrix packed = (PackedMatrix) weight;
        return Tensor.of(Packing.unpack(packed).toFloats(), packed.rows(), packed.cols());
    }

    /// The original with the first block's linears compressed, as real numbers.
    private record Expanded(Checkpoint compressed, Checkpoint original) implements Checkpoint {

        @Override
        public String source() {
            return original.source();
        }

        @Override
        public Set<String> names() {
            return original.names();
        }

        @Override
        public Weight weight(String name) {
            boolean expanded = name.startsWith("model.layers.0.") && name.contains("_proj.");
            return expanded ? expand(compressed.weight(name)) : original.weight(name);
        }

        @Override
        public Optional<byte[]> file(String name) {
            return original.file(name);
        }

        @Override
        public void close() {}
    }
}
