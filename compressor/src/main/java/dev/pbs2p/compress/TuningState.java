package dev.pbs2p.compress;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;

/// Everything that a tuning run moves: the parameters, the codes and their offsets, the optimiser's memory, and the
/// best parameters and codes so far.
public final class TuningState {

    private final List<float[]> parameters;
    private final List<float[]> best;
    private final List<byte[]> codes;
    private final List<byte[]> bestCodes;
    private final List<float[]> offsets = new ArrayList<>();
    private final Adam adam;
    private int epochs;
    private double before = Double.NaN;
    private double bestLoss = Double.NaN;

    /// Begins at copies of `parameters` and `codes`.
    ///
    /// @param parameters first the levels of the linears, then parameter vectors
    /// @param codes of the linears; the best ones until others are better, so they must stay as they are
    public TuningState(List<float[]> parameters, List<byte[]> codes) {
        this.parameters =
                new ArrayList<>(parameters.stream().map(float[]::clone).toList());
        this.best = new ArrayList<>(parameters.stream().map(float[]::clone).toList());
        this.codes = new ArrayList<>(codes.stream().map(byte[]::clone).toList());
        this.bestCodes = new ArrayList<>(codes);
        codes.forEach(code -> offsets.add(new float[code.length]));
        List<float[]> moving = new ArrayList<>(parameters);
        moving.addAll(offsets);
        adam = new Adam(moving);
    }

    /// The live parameters.
    public List<float[]> parameters() {
        return parameters;
    }

    /// The live codes.
    public List<byte[]> codes() {
        return codes;
    }

    /// The best parameters so far.
    public List<float[]> best() {
        return best;
    }

    /// The codes that go with [#best()].
    public List<byte[]> bestCodes() {
        return bestCodes;
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

    /// Begins the next optimiser step, in which every array moves once.
    public void nextStep() {
        adam.nextStep();
    }

    /// Moves parameter array `k` against its gradient.
    public void move(int k, float[] gradient, double rate) {
        adam.move(k, parameters.get(k), gradient, rate);
    }

    /// Moves codes and levels of linear `k`.
    ///
    /// @param gradient by its weights, rows × cols
    public void move(int k, TunedLinear linear, float[] gradient, double rate) {
        float[] levelGradient = linear.levelGradient(gradient, codes.get(k));
        adam.move(parameters.size() + k, offsets.get(k), gradient, rate);
        linear.recode(parameters.get(k), codes.get(k), offsets.get(k));
        move(k, levelGradient, rate);
    }

    /// Ends an epoch, whose parameters have this loss on the held-out windows.
    public void endEpoch(double loss) {
        epochs++;
        if (loss < bestLoss) {
            bestLoss = loss;
            for (int k = 0; k < best.size(); k++) {
                System.arraycopy(parameters.get(k), 0, best.get(k), 0, best.get(k).length);
            }
            for (int k = 0; k < codes.size(); k++) {
                bestCodes.set(k, codes.get(k).clone());
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
            for (byte[] values : codeArrays()) {
                out.writeInt(values.length);
                out.write(values);
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
            expect(in, values.length);
            for (int i = 0; i < values.length; i++) {
                values[i] = in.readFloat();
            }
        }
        bestCodes.replaceAll(byte[]::clone);
        for (byte[] values : codeArrays()) {
            expect(in, values.length);
            in.readFully(values);
        }
    }

    private static void expect(DataInputStream in, int length) throws IOException {
        if (in.readInt() != length) {
            throw new IOException("the saved tuning state belongs to another model");
        }
    }

    private List<float[]> arrays() {
        List<float[]> all = new ArrayList<>(parameters);
        all.addAll(best);
        all.addAll(offsets);
        all.addAll(adam.state());
        return all;
    }

    private List<byte[]> codeArrays() {
        List<byte[]> all = new ArrayList<>(codes);
        all.addAll(bestCodes);
        return all;
    }
}
