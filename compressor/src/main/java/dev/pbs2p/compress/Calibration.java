package dev.pbs2p.compress;

import java.util.OptionalInt;
import java.util.Set;

/// Where calibration windows come from.
public sealed interface Calibration permits CalibrationText, Calibration.Sampled {

    /// Windows that the model itself writes, at temperature 1: no text is needed.
    ///
    /// @param bos token that a window begins with, and that follows an end of text; a random one if absent
    /// @param eos tokens that end a text
    record Sampled(OptionalInt bos, Set<Integer> eos) implements Calibration {

        public Sampled {
            eos = Set.copyOf(eos);
        }
    }
}
