package dev.pbs2p.compress;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;

/// Everything that a tuning run moves: the parameters, the optimiser's memory, and the best parameters so far.
///
/// Arrays come in the order of the linears, then of the parameter vectors.
public final class TuningState {

    private final List<float[]> parameters = new ArrayList<>();
    private final List<float[]> best = new ArrayList<>();
    private final Adam adam;
    private int epochs;
    private double before = Double.NaN;
    private double bestLoss = Double.NaN;

    /// Begins at `start`, which is copied.
    public TuningState(List<float[]> start) {
        start.forEach(values -> parameters.add(values.clone()));
        start.forEach(values -> best.add(values.clone()));
        adam = new Adam(start.stream().map(values -> values.length).toList());
    }

    /// The live parameters.
    public List<float[]> parameters() {
        return parameters;
    }

    /// The best parameters so far.
    public List<float[]> best() {
        return best;
    }

    /// Epochs done.
    public int epochs() {
        return epochs;
    }

    /// Optimiser steps done.
    public int steps() {
        return adam.steps();
    }

    /// Loss on the held-out windows before tuning, as stored; NaN while it is unknown.
    public double before() {
        return before;
    }

    /// Loss on the held-out windows with the best parameters.
    public double bestLoss() {
        return bestLoss;
    }

    /// Sets the loss that tuning has to beat.
    public void begin(double loss) {
        before = loss;
        bestLoss = loss;
    }

    /// One optimiser step; `rates` holds one rate an array.
    public void step(List<float[]> gradients, double[] rates) {
        adam.step(parameters, gradients, rates);
    }

    /// Ends an epoch, whose parameters have this loss on the held-out windows.
    public void endEpoch(double loss) {
        epochs++;
        if (loss < bestLoss) {
            bestLoss = loss;
            for (int k = 0; k < best.size(); k++) {
                System.arraycopy(parameters.get(k), 0, best.get(k), 0, best.get(k).length);
            }
        }
    }

    /// The whole state, from which [#restore] continues to the same result.
    public byte[] save() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeInt(epochs);
            out.writeInt(adam.steps());
            out.writeDouble(before);
            out.writeDouble(bestLoss);
            for (float[] values : arrays()) {
                out.writeInt(values.length);
                for (float value : values) {
                    out.writeFloat(value);
                }
            }
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    /// Continues from what [#save] wrote for the same parameters.
    ///
    /// @throws IOException if it was written for others, or is cut short
    public void restore(InputStream saved) throws IOException {
        DataInputStream in = new DataInputStream(saved);
        epochs = in.readInt();
        adam.resume(in.readInt());
        before = in.readDouble();
        bestLoss = in.readDouble();
        for (float[] values : arrays()) {
            if (in.readInt() != values.length) {
                throw new IOException("the saved tuning state belongs to another model");
            }
            for (int i = 0; i < values.length; i++) {
                values[i] = in.readFloat();
            }
        }
    }

    private List<float[]> arrays() {
        List<float[]> all = new ArrayList<>(parameters);
        all.addAll(best);
        all.addAll(adam.state());
        return all;
    }
}
