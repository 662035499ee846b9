package dev.pbs2p.compress;

import java.util.ArrayList;
import java.util.List;

/// The Adam optimiser over plain arrays, with bias correction and without weight decay: the parameters that tuning
/// moves
/// are few, and plain arrays make its state easy to save.
final class Adam {

    private static final double BETA1 = 0.9;
    private static final double BETA2 = 0.95;
    private static final double EPSILON = 1e-8;

    private final List<float[]> first = new ArrayList<>();
    private final List<float[]> second = new ArrayList<>();
    private int steps;

    /// @param sizes number of values of every parameter array
    Adam(List<Integer> sizes) {
        for (int size : sizes) {
            first.add(new float[size]);
            second.add(new float[size]);
        }
    }

    /// Moves array `k` against its gradient, about `rates[k]` at most in each value.
    void step(List<float[]> parameters, List<float[]> gradients, double[] rates) {
        steps++;
        double bias1 = 1 - Math.pow(BETA1, steps);
        double bias2 = 1 - Math.pow(BETA2, steps);
        for (int k = 0; k < parameters.size(); k++) {
            float[] m = first.get(k);
            float[] v = second.get(k);
            float[] values = parameters.get(k);
            float[] gradient = gradients.get(k);
            for (int i = 0; i < values.length; i++) {
                double g = gradient[i];
                m[i] = (float) (BETA1 * m[i] + (1 - BETA1) * g);
                v[i] = (float) (BETA2 * v[i] + (1 - BETA2) * g * g);
                values[i] -= (float) (rates[k] * (m[i] / bias1) / (Math.sqrt(v[i] / bias2) + EPSILON));
            }
        }
    }

    int steps() {
        return steps;
    }

    /// The live arrays that, with the number of steps, make up the state.
    List<float[]> state() {
        List<float[]> all = new ArrayList<>(first);
        all.addAll(second);
        return all;
    }

    /// Continues after `done` steps, with [#state()] filled in by the caller.
    void resume(int done) {
        steps = done;
    }
}
