package dev.pbs2p.tensor;

/// One compressed linear, unpacked: what the compressor makes and what packing stores, with nothing lost between.
///
/// Weight (row, col) of group g = col / group is
/// - 0 where its code is 0 (pruned);
/// - in an ordinary column, with code - 1 = 2·segment + sign: step·(mu[segment] ± alpha[segment]), + for sign 1;
/// - in a salient column, with code - 1 = 2·b2 + b1: step·(mu ± alpha1 ± alpha2), + for bits 1.
///
/// Parameters of (row, group) are signed bytes in units of the row's `step`, in the order alpha of segment 0, …,
/// mu of segment 0, … (absent if symmetric), then alpha1, alpha2 and mu of the salient columns (mu absent if
/// symmetric).
public final class Codes {

    private final PackedFormat format;
    private final int rows;
    private final int cols;
    private final byte[] code;
    private final byte[] params;
    private final short[] step;
    private final boolean[] salient;

    /// @param code rows × cols
    /// @param params rows × groups × parameters
    /// @param step one float16 a row
    /// @param salient one flag a column, all false unless the format has salient columns
    public Codes(PackedFormat format, int rows, int cols, byte[] code, byte[] params, short[] step, boolean[] salient) {
        if (code.length != (long) rows * cols
                || params.length != (long) rows * format.groups(cols) * format.parameters()
                || step.length != rows
                || salient.length != cols) {
            throw new IllegalArgumentException("codes of a " + rows + "x" + cols + " matrix have the wrong lengths");
        }
        this.format = format;
        this.rows = rows;
        this.cols = cols;
        this.code = code;
        this.params = params;
        this.step = step;
        this.salient = salient;
    }

    /// All codes 0 and all levels 0, to be filled in.
    public static Codes empty(PackedFormat format, int rows, int cols) {
        return new Codes(
                format,
                rows,
                cols,
                new byte[Math.multiplyExact(rows, cols)],
                new byte[Math.multiplyExact(Math.multiplyExact(rows, format.groups(cols)), format.parameters())],
                new short[rows],
                new boolean[cols]);
    }

    public PackedFormat format() {
        return format;
    }

    public int rows() {
        return rows;
    }

    public int cols() {
        return cols;
    }

    /// The live array of codes, rows × cols.
    public byte[] code() {
        return code;
    }

    /// The live array of parameters, rows × groups × parameters.
    public byte[] params() {
        return params;
    }

    /// The live array of float16 steps, one a row.
    public short[] step() {
        return step;
    }

    /// The live array of salient flags, one a column.
    public boolean[] salient() {
        return salient;
    }

    /// Where the parameters of (row, group) begin in [#params()].
    public int paramsAt(int row, int group) {
        return (row * format.groups(cols) + group) * format.parameters();
    }

    /// The weight (row, col) as an integer multiple of the row's step: the definition of what is stored.
    public int level(int row, int col) {
        int c = code[row * cols + col];
        if (c == 0) {
            return 0;
        }
        int at = paramsAt(row, col / format.group());
        int segments = format.segments();
        int bits = c - 1;
        if (salient[col]) {
            int base = at + segments * (format.symmetric() ? 1 : 2);
            int mu = format.symmetric() ? 0 : params[base + 2];
            return mu + signed(params[base], bits & 1) + signed(params[base + 1], bits >> 1);
        }
        int segment = bits >> 1;
        int mu = format.symmetric() ? 0 : params[at + segments + segment];
        return mu + signed(params[at + segment], bits & 1);
    }

    /// The weight (row, col) as a real number.
    public float value(int row, int col) {
        return level(row, col) * Float.float16ToFloat(step[row]);
    }

    /// All weights as real numbers, rows × cols.
    public float[] toFloats() {
        float[] out = new float[rows * cols];
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < cols; c++) {
                out[r * cols + c] = value(r, c);
            }
        }
        return out;
    }

    private static int signed(int magnitude, int bit) {
        return bit == 1 ? magnitude : -magnitude;
    }
}
