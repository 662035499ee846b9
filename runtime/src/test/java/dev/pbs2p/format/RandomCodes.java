package dev.pbs2p.format;

import dev.pbs2p.tensor.Codes;
import dev.pbs2p.tensor.PackedFormat;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/// Codes drawn at random that a format allows, with its N:M groups written down a second time, from the definition.
public final class RandomCodes {

    private RandomCodes() {}

    /// Every N:M group keeps as many weights as it may.
    public static Codes of(PackedFormat format, int rows, int cols, long seed) {
        Random random = new Random(seed);
        Codes codes = Codes.empty(format, rows, cols);
        random.nextBytes(codes.params());
        for (int row = 0; row < rows; row++) {
            codes.step()[row] = Float.floatToFloat16(0.001f + 0.01f * random.nextFloat());
        }
        for (int col = 0; col < cols; col++) {
            codes.salient()[col] = format.salient() && random.nextInt(10) == 0;
        }
        for (int first = 0; first < cols; first += format.group()) {
            int t = Math.min(format.group(), cols - first);
            for (NmGroup group : groups(format, t)) {
                for (int row = 0; row < rows; row++) {
                    fill(codes, row, first, group, random);
                }
            }
        }
        return codes;
    }

    /// Columns (in a column group) that are pruned together, and how many of them are kept at most.
    public record NmGroup(List<Integer> columns, int keeps) {}

    /// The N:M groups of a column group with `t` columns.
    public static List<NmGroup> groups(PackedFormat format, int t) {
        List<NmGroup> groups = new ArrayList<>();
        int n = format.n();
        int m = format.m();
        if (format.dense()) {
            for (int c = 0; c < t; c++) {
                groups.add(new NmGroup(List.of(c), 1));
            }
        } else if (format.strided()) {
            int slots = (t + 7) / 8;
            for (int s = 0; s < slots; s += m) {
                int here = Math.min(m, slots - s);
                for (int lane = 0; lane < 8; lane++) {
                    List<Integer> columns = new ArrayList<>();
                    for (int k = s; k < s + here; k++) {
                        if (8 * k + lane < t) {
                            columns.add(8 * k + lane);
                        }
                    }
                    groups.add(new NmGroup(columns, (here * n + m - 1) / m));
                }
            }
        } else {
            for (int c = 0; c < t; c += m) {
                List<Integer> columns = new ArrayList<>();
                for (int k = c; k < Math.min(t, c + m); k++) {
                    columns.add(k);
                }
                groups.add(new NmGroup(columns, (columns.size() * n + m - 1) / m));
            }
        }
        return groups;
    }

    private static void fill(Codes codes, int row, int first, NmGroup group, Random random) {
        int left = group.columns().size();
        int keeps = Math.min(group.keeps(), left);
        for (int c : group.columns()) {
            int col = first + c;
            if (random.nextInt(left) < keeps) {
                int most = codes.salient()[col] ? 4 : 2 * codes.format().segments();
                codes.code()[row * codes.cols() + col] = (byte) (1 + random.nextInt(most));
                keeps--;
            }
            left--;
        }
    }
}
