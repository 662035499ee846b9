package dev.pbs2p.kernel;

/// Numbers as float32.
final class FloatMatrix extends PanelMatrix {

    private final float[] data;

    FloatMatrix(int rows, int cols) {
        super(rows);
        this.data = new float[panels(cols) * PANEL * rows];
    }

    @Override
    float load(int at) {
        return data[at];
    }

    @Override
    void load(int at, int count, float[] to) {
        System.arraycopy(data, at, to, at, count);
    }

    @Override
    void store(float[] x, int from, int count, int at, int step) {
        for (int i = 0; i < count; i++) {
            data[at + i * step] = x[from + i];
        }
    }
}
