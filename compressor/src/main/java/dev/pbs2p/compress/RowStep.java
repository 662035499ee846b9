package dev.pbs2p.compress;

/// The float16 unit of one row in which its levels are stored as signed bytes.
///
/// @param half the unit's float16 bits
record RowStep(short half) {

    private static final int LARGEST = 127;
    /// Room for levels above the largest weight, which compensation may need.
    private static final double HEADROOM = 1.25;

    private static final float MAX_HALF = 65504;
    private static final short MIN_HALF = 1;

    /// The unit for a row whose largest magnitude is `largest`, never 0.
    static RowStep of(float largest) {
        double unit = Math.min(largest * HEADROOM / LARGEST, MAX_HALF);
        short half = Float.floatToFloat16((float) unit);
        return new RowStep(half == 0 ? MIN_HALF : half);
    }

    /// The nearest multiple of the unit, as the multiplier.
    byte round(double level) {
        double multiple = Math.rint(level / Float.float16ToFloat(half));
        return (byte) Math.clamp(multiple, -LARGEST, LARGEST);
    }
}
