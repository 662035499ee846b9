package dev.pbs2p.tensor;

import java.util.Optional;
import java.util.Set;

/// A model as stored: named weights and the small files beside them, from a directory or inside a packed file.
public interface Checkpoint extends AutoCloseable {

    /// Where it was opened, for messages.
    String source();

    /// Names of all weights, as in the checkpoint (`model.layers.0.self_attn.q_proj.weight`); packed linears under the
    /// name of the weight they replace.
    Set<String> names();

    /// The weight of that name, mapped, not copied.
    ///
    /// @throws dev.pbs2p.format.FormatException if there is none; the message says what there is
    Weight weight(String name);

    /// A side file by its name in a Hugging Face directory (`config.json`, `tokenizer.json`, …).
    Optional<byte[]> file(String name);

    /// Brings the weights into memory as asked, before the first one is asked for. A checkpoint that is not mapped has
    /// nothing to do.
    ///
    /// @throws IllegalStateException if this machine cannot do it; the message says why
    default void load(Loading how) {}

    @Override
    void close();
}
