package dev.pbs2p.kernel;

import dev.pbs2p.format.Packing;
import dev.pbs2p.format.RandomCodes;
import dev.pbs2p.tensor.Codes;
import dev.pbs2p.tensor.PackedFormat;
import dev.pbs2p.tensor.PackedMatrix;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/// Packed matrices and activations that the kernels' tests share.
final class PackedCases {

    private PackedCases() {}

    /// Every kind of plane, order and level: each value of each property of a format at least twice.
    static List<PackedFormat> formats() {
        List<PackedFormat> formats = new ArrayList<>();
        for (int segments = 1; segments <= 4; segments++) {
            for (boolean symmetric : new boolean[] {false, true}) {
                boolean salient = (segments % 2 == 0) != symmetric;
                formats.add(new PackedFormat(16, 16, true, 128, segments, symmetric, salient));
                formats.add(new PackedFormat(8, 16, true, 128, segments, symmetric, !salient));
                formats.add(new PackedFormat(4, 8, false, 128, segments, symmetric, salient));
            }
        }
        formats.add(new PackedFormat(8, 16, true, 128, 1, false, false));
        formats.add(new PackedFormat(1, 4, true, 32, 1, true, false));
        formats.add(new PackedFormat(2, 4, false, 64, 1, false, true));
        formats.add(new PackedFormat(5, 8, true, 64, 2, false, true));
        formats.add(new PackedFormat(6, 8, false, 256, 3, false, true));
        formats.add(new PackedFormat(9, 16, false, 128, 1, false, false));
        formats.add(new PackedFormat(10, 16, true, 128, 1, true, false));
        formats.add(new PackedFormat(10, 16, true, 128, 2, true, false));
        formats.add(new PackedFormat(12, 16, true, 128, 2, false, false));
        formats.add(new PackedFormat(12, 16, true, 128, 3, true, false));
        formats.add(new PackedFormat(16, 16, true, 64, 4, true, false));
        formats.add(new PackedFormat(13, 16, true, 512, 1, true, true));
        formats.add(new PackedFormat(15, 16, true, 256, 4, false, false));
        formats.add(new PackedFormat(8, 8, false, 32, 1, false, false));
        formats.add(new PackedFormat(4, 4, false, 512, 2, true, true));
        return formats;
    }

    static PackedMatrix matrix(PackedFormat format, int rows, int cols, long seed) {
        return Packing.pack(RandomCodes.of(format, rows, cols, seed));
    }

    static Codes codes(PackedFormat format, int rows, int cols, long seed) {
        return RandomCodes.of(format, rows, cols, seed);
    }

    /// Values of both signs whose magnitudes differ from run to run.
    static float[] activations(int rows, int cols, long seed) {
        Random random = new Random(seed);
        float[] x = new float[rows * cols];
        for (int i = 0; i < x.length; i++) {
            x[i] = (float) random.nextGaussian() * (1 + i % cols / 128);
        }
        return x;
    }
}
