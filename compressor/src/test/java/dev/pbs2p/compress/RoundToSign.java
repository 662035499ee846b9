package dev.pbs2p.compress;

import dev.pbs2p.tensor.Codes;
import dev.pbs2p.tensor.PackedFormat;

/// The simplest preset: in each N:M set the first weights are kept, every weight becomes the sign of itself times one
/// level a row.
final class RoundToSign implements Preset {

    @Override
    public Codes compress(float[] weight, int rows, int cols, Hessian hessian, PackedFormat format) {
        Codes codes = Codes.empty(format, rows, cols);
        for (int row = 0; row < rows; row++) {
            codes.step()[row] = Float.floatToFloat16(0.01f);
            for (int g = 0; g < format.groups(cols); g++) {
                codes.params()[codes.paramsAt(row, g)] = 10;
            }
        }
        for (int start = 0; start < cols; start += format.group()) {
            NmGroups sets = NmGroups.of(format, Math.min(format.group(), cols - start));
            for (int set = 0; set < sets.count(); set++) {
                for (int i = 0; i < sets.kept(set); i++) {
                    int col = start + sets.columns(set)[i];
                    for (int row = 0; row < rows; row++) {
                        codes.code()[row * cols + col] = (byte) (weight[row * cols + col] >= 0 ? 2 : 1);
                    }
                }
            }
        }
        return codes;
    }
}
