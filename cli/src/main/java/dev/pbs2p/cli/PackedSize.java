package dev.pbs2p.cli;

import dev.pbs2p.tensor.Checkpoint;
import dev.pbs2p.tensor.PackedMatrix;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/// What the packed linears of a model take, in the paper's nominal bits and in real ones.
///
/// @param pattern `4:8`; several, joined by commas, where linears differ
/// @param weights of all packed linears
/// @param nominalBits mean bits a weight by eq. 11
/// @param realBits mean bits a weight on disk, everything counted
record PackedSize(String pattern, long weights, double nominalBits, double realBits) {

    static PackedSize of(Collection<PackedMatrix> linears) {
        Set<String> patterns = new LinkedHashSet<>();
        long weights = 0;
        long bytes = 0;
        double nominal = 0;
        for (PackedMatrix linear : linears) {
            patterns.add(linear.format().pattern());
            weights += linear.weights();
            bytes += linear.bytes();
            nominal += linear.nominalBits() * linear.weights();
        }
        return new PackedSize(String.join(",", patterns), weights, nominal / weights, 8.0 * bytes / weights);
    }

    /// The packed linears of a checkpoint by name, in a natural order (`layers.2` before `layers.10`).
    static Map<String, PackedMatrix> linears(Checkpoint checkpoint) {
        Map<String, PackedMatrix> linears = new TreeMap<>(new NaturalOrder());
        for (String name : checkpoint.names()) {
            if (checkpoint.weight(name) instanceof PackedMatrix linear) {
                linears.put(name, linear);
            }
        }
        return linears;
    }
}
