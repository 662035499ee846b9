package dev.pbs2p.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// The keys or the values of one head in a [KvBlock] in float32: a small matrix that rows are multiplied by, two
/// at a time.
final class KvTile {

    private static final VectorSpecies<Float> F = Species.FLOATS;
    private static final int LANES = F.length();
    private static final int PANEL = PanelMatrix.PANEL;

    private float[] data = new float[0];
    private int rows;
    private int cols;
    private int panelStep; // from a panel of columns to the next

    /// Makes it the first `positions` of a head's keys: a row a column of the head, a column a position.
    void keys(PanelMatrix keys, int headSize, int positions) {
        int panels = PanelMatrix.panels(positions);
        fill(keys, headSize, headSize, panels);
        cols = panels * PANEL;
    }

    /// Makes it the first `positions` of a head's values: a row a position, a column a column of the head.
    void values(PanelMatrix values, int headSize, int positions) {
        fill(values, KvBlock.POSITIONS, positions, PanelMatrix.panels(headSize));
        cols = headSize;
    }

    private void fill(PanelMatrix from, int allRows, int count, int panels) {
        rows = count;
        panelStep = allRows * PANEL;
        if (data.length < panels * panelStep) {
            data = new float[panels * panelStep];
        }
        from.copy(count, panels, data);
    }

    private int column(int c) {
        return c / PANEL * panelStep + c % PANEL;
    }

    /// Adds x[x0 ..) times this to `to[to0 ..)`, and x[x1 ..) times this to `to[to1 ..)`. Both may be the same.
    void addProduct(float[] x, int x0, int x1, float[] to, int to0, int to1) {
        int c = 0;
        for (; c <= cols - 4 * LANES; c += 4 * LANES) {
            if (x0 == x1) {
                oneByFour(x, x0, c, to, to0 + c);
            } else {
                twoByFour(x, x0, x1, c, to, to0 + c, to1 + c);
            }
        }
        for (; c <= cols - LANES; c += LANES) {
            twoByOne(x, x0, x1, c, to, to0 + c, to1 + c);
        }
        for (; c < cols; c++) {
            float sum0 = to[to0 + c];
            float sum1 = to[to1 + c];
            for (int i = 0; i < rows; i++) {
                sum0 += x[x0 + i] * data[column(c) + i * PANEL];
                sum1 += x[x1 + i] * data[column(c) + i * PANEL];
            }
            to[to0 + c] = sum0;
            to[to1 + c] = sum1;
        }
    }

    private static FloatVector load(float[] x, int at) {
        return FloatVector.fromArray(F, x, at);
    }

    private static FloatVector all(float[] x, int at) {
        return FloatVector.broadcast(F, x[at]);
    }

    private void oneByFour(float[] x, int x0, int c, float[] to, int at) {
        float[] m = data;
        int n = rows;
        int from0 = column(c);
        int from1 = column(c + LANES);
        int from2 = column(c + 2 * LANES);
        int from3 = column(c + 3 * LANES);
        FloatVector sum0 = load(to, at);
        FloatVector sum1 = load(to, at + LANES);
        FloatVector sum2 = load(to, at + 2 * LANES);
        FloatVector sum3 = load(to, at + 3 * LANES);
        for (int i = 0; i < n; i++) {
            FloatVector factor = all(x, x0 + i);
            int row = i * PANEL;
            sum0 = load(m, from0 + row).fma(factor, sum0);
            sum1 = load(m, from1 + row).fma(factor, sum1);
            sum2 = load(m, from2 + row).fma(factor, sum2);
            sum3 = load(m, from3 + row).fma(factor, sum3);
        }
        sum0.intoArray(to, at);
        sum1.intoArray(to, at + LANES);
        sum2.intoArray(to, at + 2 * LANES);
        sum3.intoArray(to, at + 3 * LANES);
    }

    /// Eight sums: enough to hide how long one takes, few enough for sixteen registers.
    private void twoByFour(float[] x, int x0, int x1, int c, float[] to, int to0, int to1) {
        float[] m = data;
        int n = rows;
        int from0 = column(c);
        int from1 = column(c + LANES);
        int from2 = column(c + 2 * LANES);
        int from3 = column(c + 3 * LANES);
        FloatVector sum00 = load(to, to0);
        FloatVector sum01 = load(to, to0 + LANES);
        FloatVector sum02 = load(to, to0 + 2 * LANES);
        FloatVector sum03 = load(to, to0 + 3 * LANES);
        FloatVector sum10 = load(to, to1);
        FloatVector sum11 = load(to, to1 + LANES);
        FloatVector sum12 = load(to, to1 + 2 * LANES);
        FloatVector sum13 = load(to, to1 + 3 * LANES);
        for (int i = 0; i < n; i++) {
            FloatVector first = all(x, x0 + i);
            FloatVector second = all(x, x1 + i);
            int row = i * PANEL;
            FloatVector values = load(m, from0 + row);
            sum00 = values.fma(first, sum00);
            sum10 = values.fma(second, sum10);
            values = load(m, from1 + row);
            sum01 = values.fma(first, sum01);
            sum11 = values.fma(second, sum11);
            values = load(m, from2 + row);
            sum02 = values.fma(first, sum02);
            sum12 = values.fma(second, sum12);
            values = load(m, from3 + row);
            sum03 = values.fma(first, sum03);
            sum13 = values.fma(second, sum13);
        }
        sum00.intoArray(to, to0);
        sum01.intoArray(to, to0 + LANES);
        sum02.intoArray(to, to0 + 2 * LANES);
        sum03.intoArray(to, to0 + 3 * LANES);
        sum10.intoArray(to, to1);
        sum11.intoArray(to, to1 + LANES);
        sum12.intoArray(to, to1 + 2 * LANES);
        sum13.intoArray(to, to1 + 3 * LANES);
    }

    private void twoByOne(float[] x, int x0, int x1, int c, float[] to, int to0, int to1) {
        float[] m = data;
        int n = rows;
        int from = column(c);
        FloatVector sum0 = load(to, to0);
        FloatVector sum1 = load(to, to1);
        for (int i = 0; i < n; i++) {
            FloatVector values = load(m, from + i * PANEL);
            sum0 = values.fma(all(x, x0 + i), sum0);
            sum1 = values.fma(all(x, x1 + i), sum1);
        }
        sum0.intoArray(to, to0);
        sum1.intoArray(to, to1);
    }
}
