package dev.pbs2p.kernel;

import static jdk.incubator.vector.VectorOperators.AND_NOT;
import static jdk.incubator.vector.VectorOperators.XOR;

import dev.pbs2p.tensor.PackedFormat;
import jdk.incubator.vector.ByteVector;

/// Which masks a format has, and how they come from bits that lie at their weights' slots.
///
/// Ordinary masks: for each segment s, P_s = kept, in s, sign 1; and K_s = kept, in s. When nothing is pruned K_0 is
/// what the other K_s leave of everything, and has no mask. Then, with salient columns, P and Q = kept with first and
/// second sign 1, and unless dense K = kept: these meet the salient columns' activations, the others meet the rest.
///
/// Order: P_0, P_1, …, K_1, K_2, …, K_0, then P, Q, K.
final class MaskRules {

    private MaskRules() {}

    /// Ordinary masks of a format.
    static int ordinary(PackedFormat format) {
        return 2 * format.segments() - (format.dense() ? 1 : 0);
    }

    /// Masks of a format that meet the salient columns.
    static int salient(PackedFormat format) {
        return !format.salient() ? 0 : format.dense() ? 2 : 3;
    }

    /// All masks of a format.
    static int counted(PackedFormat format) {
        return ordinary(format) + salient(format);
    }

    /// Sums of a format: of its masks, and when nothing is pruned totals of all activations.
    static int sums(PackedFormat format) {
        return counted(format) + (!format.dense() ? 0 : format.salient() ? 2 : 1);
    }

    /// Whether all masks of a format are P_0 and K_0.
    static boolean simple(PackedFormat format) {
        return format.segments() == 1 && !format.dense() && !format.salient();
    }

    /// Puts the masks of one vector of rows and one slot, which begins at `to`. All bits are 0 where `keep` is.
    ///
    /// @param low, high the bits of the segment's number
    /// @param second the second sign of salient columns
    static void put(
            PackedFormat format,
            ByteVector sign,
            ByteVector low,
            ByteVector high,
            ByteVector second,
            ByteVector keep,
            byte[] masks,
            int to) {
        switch (format.segments()) {
            case 1 -> sign.intoArray(masks, to);
            case 2 -> two(sign, low, masks, to);
            case 3 -> three(sign, low, high, masks, to);
            default -> four(sign, low, high, masks, to);
        }
        if (!format.dense()) {
            int k0 = to + Masks.at(2 * format.segments() - 1);
            switch (format.segments()) {
                case 1 -> keep.intoArray(masks, k0);
                case 2 -> keep.lanewise(XOR, low).intoArray(masks, k0);
                default -> keep.lanewise(AND_NOT, low.or(high)).intoArray(masks, k0);
            }
        }
        if (format.salient()) {
            salient(sign, second, keep, masks, to, format);
        }
    }

    private static void two(ByteVector sign, ByteVector k1, byte[] masks, int to) {
        ByteVector p1 = sign.and(k1);
        sign.lanewise(XOR, p1).intoArray(masks, to);
        p1.intoArray(masks, to + Masks.at(1));
        k1.intoArray(masks, to + Masks.at(2));
    }

    private static void three(ByteVector sign, ByteVector k1, ByteVector k2, byte[] masks, int to) {
        ByteVector p1 = sign.and(k1);
        ByteVector p2 = sign.and(k2);
        sign.lanewise(XOR, p1.or(p2)).intoArray(masks, to);
        p1.intoArray(masks, to + Masks.at(1));
        p2.intoArray(masks, to + Masks.at(2));
        k1.intoArray(masks, to + Masks.at(3));
        k2.intoArray(masks, to + Masks.at(4));
    }

    private static void four(ByteVector sign, ByteVector low, ByteVector high, byte[] masks, int to) {
        ByteVector k3 = low.and(high);
        ByteVector k1 = low.lanewise(XOR, k3);
        ByteVector k2 = high.lanewise(XOR, k3);
        sign.lanewise(AND_NOT, low.or(high)).intoArray(masks, to);
        sign.and(k1).intoArray(masks, to + Masks.at(1));
        sign.and(k2).intoArray(masks, to + Masks.at(2));
        sign.and(k3).intoArray(masks, to + Masks.at(3));
        k1.intoArray(masks, to + Masks.at(4));
        k2.intoArray(masks, to + Masks.at(5));
        k3.intoArray(masks, to + Masks.at(6));
    }

    private static void salient(
            ByteVector sign, ByteVector second, ByteVector keep, byte[] masks, int to, PackedFormat format) {
        int first = ordinary(format);
        sign.intoArray(masks, to + Masks.at(first));
        second.intoArray(masks, to + Masks.at(first + 1));
        if (!format.dense()) {
            keep.intoArray(masks, to + Masks.at(first + 2));
        }
    }
}
