package dev.pbs2p.model;

/// How the rotary frequencies are stretched for contexts longer than those of the pre-training.
public sealed interface RopeScaling {

    /// The frequency (radians a position) to use in place of `frequency`.
    double apply(double frequency);

    /// Every position counts 1/factor.
    record Linear(double factor) implements RopeScaling {
        @Override
        public double apply(double frequency) {
            return frequency / factor;
        }
    }

    /// Llama 3.1: long waves are slowed by `factor`, short ones kept, with a linear ramp between in terms of how many
    /// waves fit the original context.
    record Llama3(double factor, double lowFreqFactor, double highFreqFactor, double originalContext)
            implements RopeScaling {
        @Override
        public double apply(double frequency) {
            double waves = originalContext * frequency / (2 * Math.PI);
            double kept = Math.clamp((waves - lowFreqFactor) / (highFreqFactor - lowFreqFactor), 0.0, 1.0);
            return kept * frequency + (1 - kept) * frequency / factor;
        }
    }
}
