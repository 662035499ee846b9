package dev.pbs2p.compress;

import dev.pbs2p.format.FormatException;
import dev.pbs2p.tensor.ByteMatrix;
import dev.pbs2p.tensor.Checkpoint;
import dev.pbs2p.tensor.PackedMatrix;
import dev.pbs2p.tensor.Tensor;
import dev.pbs2p.tensor.Weight;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.LongStream;

/// A checkpoint that notes which weights its architecture asks for: those are the model, whatever else the files hold.
final class UsedWeights implements Checkpoint {

    private final Checkpoint checkpoint;
    private final Map<String, Weight> used = new LinkedHashMap<>();

    UsedWeights(Checkpoint checkpoint) {
        this.checkpoint = checkpoint;
    }

    /// The weights asked for, in that order.
    Map<String, Weight> used() {
        return Collections.unmodifiableMap(used);
    }

    /// @throws FormatException if a weight is packed already, or holds NaN or an infinity
    void check() {
        used.entrySet().parallelStream().forEach(entry -> {
            switch (entry.getValue()) {
                case PackedMatrix _, ByteMatrix _ ->
                    throw new FormatException(source() + " is compressed already (" + entry.getKey()
                            + " is packed): compress the original checkpoint instead");
                case Tensor tensor -> {
                    checkFinite(entry.getKey(), tensor);
                    tensor.unload();
                }
            }
        });
    }

    /// Lets the system take back the memory of mapped weights; they are read again at their next use.
    void unload(Collection<String> names) {
        for (String name : names) {
            if (used.get(name) instanceof Tensor tensor) {
                tensor.unload();
            }
        }
    }

    private void checkFinite(String name, Tensor tensor) {
        LongStream.range(0, tensor.size())
                .filter(i -> !Float.isFinite(tensor.get(i)))
                .findFirst()
                .ifPresent(i -> {
                    throw new FormatException("the weight " + name + " of " + source() + " holds " + tensor.get(i)
                            + " at element " + i + ": the checkpoint is damaged or was saved from a failed training");
                });
    }

    @Override
    public String source() {
        return checkpoint.source();
    }

    @Override
    public Set<String> names() {
        return checkpoint.names();
    }

    @Override
    public Weight weight(String name) {
        Weight weight = checkpoint.weight(name);
        used.put(name, weight);
        return weight;
    }

    @Override
    public Optional<byte[]> file(String name) {
        return checkpoint.file(name);
    }

    @Override
    public void close() {
        checkpoint.close();
    }
}
