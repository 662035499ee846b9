package dev.pbs2p.kernel;

/// Numbers as float16. What is larger than the largest finite one becomes that: an infinite key would turn all that
/// follows into NaN.
final class HalfMatrix extends PanelMatrix {

    private static final float LARGEST = 65504;

    private final short[] data;

    HalfMatrix(int rows, int cols) {
        super(rows);
        this.data = new short[panels(cols) * PANEL * rows];
    }

    @Override
    float load(int at) {
        return Float.float16ToFloat(data[at]);
    }

    /// A plain loop: the compiler makes it one of vectors, with the processor's own conversion.
    @Override
    void load(int at, int count, float[] to) {
        for (int i = at; i < at + count; i++) {
            to[i] = Float.float16ToFloat(data[i]);
        }
    }

    @Override
    void store(float[] x, int from, int count, int at, int step) {
        for (int i = 0; i < count; i++) {
            data[at + i * step] = Float.floatToFloat16(Math.clamp(x[from + i], -LARGEST, LARGEST));
        }
    }
}
