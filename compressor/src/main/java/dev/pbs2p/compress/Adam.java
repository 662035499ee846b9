package dev.pbs2p.compress;

import java.util.ArrayList;
import java.util.List;

/// The Adam optimiser over plain arrays, with bias correction and without weight decay: plain arrays make its state
/// easy to save.
final class Adam {

    private static final double BETA1 = 0.9;
    private static final double BETA2 = 0.95;
    private static final double EPSILON = 1e-8;

    private final List<float[]> first = new ArrayList<>();
    private final List<float[]> second = new ArrayList<>();
    private int steps;

    /// @param values parameter arrays that will move
    Adam(List<float[]> values) {
        for (float[] array : values) {
            first.add(new float[array.length]);
            second.add(new float[array.length]);
        }
    }

    /// Begins the next step.
    void nextStep() {
        steps++;
    }

    /// Moves `values`, array `k`, against their gradient, about `rate` at most in each value.
    void move(int k, float[] values, float[] gradient, double rate) {
        float bias1 = (float) (1 - Math.pow(BETA1, steps));
        float bias2 = (float) (1 - Math.pow(BETA2, steps));
        float[] m = first.get(k);
        float[] v = second.get(k);
        for (int i = 0; i < values.length; i++) {
            float g = gradient[i];
            m[i] = (float) BETA1 * m[i] + (float) (1 - BETA1) * g;
            v[i] = (float) BETA2 * v[i] + (float) (1 - BETA2) * g * g;
            values[i] -= (float) rate * (m[i] / bias1) / ((float) Math.sqrt(v[i] / bias2) + (float) EPSILON);
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
