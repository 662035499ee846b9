package dev.pbs2p.compress;

import dev.pbs2p.tensor.Codes;
import dev.pbs2p.tensor.PackedFormat;

/// The levels of a compressed linear as real numbers that may move, while its codes stay.
///
/// A row's group has `count` values: with free levels the level of each code, in the order of the codes (segment 0
/// minus,
/// segment 0 plus, segment 1 minus, …); with symmetric levels the alpha of each segment. A weight is the sum of these
/// values, each times its entry in [#basis].
public final class TunedLevels {

    private final Codes codes;
    private final int count;

    /// @throws IllegalArgumentException if the codes have salient columns, whose levels are not tuned
    public TunedLevels(Codes codes) {
        if (codes.format().salient()) {
            throw new IllegalArgumentException("levels of linears with salient columns are not tuned");
        }
        this.codes = codes;
        PackedFormat format = codes.format();
        this.count = format.symmetric() ? format.segments() : 2 * format.segments();
    }

    public int rows() {
        return codes.rows();
    }

    public int cols() {
        return codes.cols();
    }

    public int groups() {
        return codes.format().groups(codes.cols());
    }

    /// Columns of a group.
    public int group() {
        return codes.format().group();
    }

    /// Values of a row's group.
    public int count() {
        return count;
    }

    /// What a weight takes from value `which`: -1, 0 or 1; rows × groups × group, zero where the last group is short.
    public byte[] basis(int which) {
        int group = group();
        int stride = groups() * group;
        boolean symmetric = codes.format().symmetric();
        byte[] out = new byte[rows() * stride];
        for (int r = 0; r < rows(); r++) {
            for (int c = 0; c < cols(); c++) {
                int level = codes.code()[r * cols() + c] - 1;
                if (symmetric ? level >= 0 && level >> 1 == which : level == which) {
                    out[r * stride + c] = (byte) (symmetric && (level & 1) == 0 ? -1 : 1);
                }
            }
        }
        return out;
    }

    /// The stored levels: rows × groups × count.
    public float[] values() {
        int segments = codes.format().segments();
        float[] out = new float[rows() * groups() * count];
        for (int r = 0; r < rows(); r++) {
            float step = Float.float16ToFloat(codes.step()[r]);
            for (int g = 0; g < groups(); g++) {
                int at = codes.paramsAt(r, g);
                int to = (r * groups() + g) * count;
                for (int s = 0; s < segments; s++) {
                    float alpha = codes.params()[at + s] * step;
                    if (codes.format().symmetric()) {
                        out[to + s] = alpha;
                    } else {
                        float mu = codes.params()[at + segments + s] * step;
                        out[to + 2 * s] = mu - alpha;
                        out[to + 2 * s + 1] = mu + alpha;
                    }
                }
            }
        }
        return out;
    }

    /// The same codes with other levels (rows × groups × count), rounded to what a file stores.
    public Codes rounded(float[] values) {
        PackedFormat format = codes.format();
        byte[] params = new byte[codes.params().length];
        short[] step = new short[rows()];
        float[] row = new float[groups() * 2 * format.segments()];
        float[] levels = new float[2 * format.segments()];
        for (int r = 0; r < rows(); r++) {
            fullLevels(values, r, row);
            step[r] = LevelRounding.step(LevelRounding.largest(row, 0, row.length, format.symmetric()));
            for (int g = 0; g < groups(); g++) {
                System.arraycopy(row, g * levels.length, levels, 0, levels.length);
                LevelRounding.round(levels, step[r], format.symmetric(), params, codes.paramsAt(r, g));
            }
        }
        return new Codes(format, rows(), cols(), codes.code(), params, step, codes.salient());
    }

    /// Both levels of every segment of a row.
    private void fullLevels(float[] values, int r, float[] out) {
        int from = r * groups() * count;
        if (!codes.format().symmetric()) {
            System.arraycopy(values, from, out, 0, out.length);
            return;
        }
        for (int i = 0; i < groups() * count; i++) {
            out[2 * i] = -values[from + i];
            out[2 * i + 1] = values[from + i];
        }
    }
}
