package dev.pbs2p.kernel;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/// The vector width of all kernels, fixed when this class is loaded: the platform's preferred one, or what the
/// system property `pbs2p.vector.bits` asks for (128, 256 or 512; wider than the hardware works, slowly, and
/// is meant for tests).
final class Species {

    static final String PROPERTY = "pbs2p.vector.bits";

    static final int BITS = bits();

    static final VectorSpecies<Byte> BYTES = VectorSpecies.of(byte.class, VectorShape.forBitSize(BITS));
    static final VectorSpecies<Short> SHORTS = VectorSpecies.of(short.class, VectorShape.forBitSize(BITS));
    static final VectorSpecies<Integer> INTS = VectorSpecies.of(int.class, VectorShape.forBitSize(BITS));
    static final VectorSpecies<Float> FLOATS = VectorSpecies.of(float.class, VectorShape.forBitSize(BITS));

    /// As many shorts as [#FLOATS] has floats.
    static final VectorSpecies<Short> HALF_SHORTS = VectorSpecies.of(short.class, VectorShape.forBitSize(BITS / 2));

    /// As many bytes as [#FLOATS] has floats; twice as many at 128 bits, for the narrowest vector has 64.
    static final VectorSpecies<Byte> FEW_BYTES =
            VectorSpecies.of(byte.class, VectorShape.forBitSize(Math.max(64, BITS / 4)));

    /// The vectors that nibbles index into: 64 bytes where one instruction looks up that many, else 16,
    /// because that look-up is one instruction on every processor.
    static final VectorSpecies<Byte> TABLE =
            BITS == 512 && preferredBits() == 512 && Processor.permutesBytes() ? BYTES : ByteVector.SPECIES_128;

    /// Where kernels begin in an array of bytes: 64 bytes behind the beginning of the object, whose header has
    /// 16. The launcher has objects begin at multiples of 64, so that no vector lies across two lines of the
    /// cache, which makes a load take twice as long. Elsewhere it does no harm.
    static final int FIRST = 48;
    /// The same in an array of shorts.
    static final int FIRST_SHORT = FIRST / Short.BYTES;
    /// The same in an array of floats.
    static final int FIRST_FLOAT = FIRST / Float.BYTES;

    private Species() {}

    private static int bits() {
        String asked = System.getProperty(PROPERTY);
        if (asked == null) {
            return Math.clamp(preferredBits(), 128, 512);
        }
        return switch (asked) {
            case "128", "256", "512" -> Integer.parseInt(asked);
            default ->
                throw new IllegalArgumentException(
                        "the system property " + PROPERTY + " must be 128, 256 or 512, not " + asked);
        };
    }

    /// The widest vectors the platform computes well; 64 where the compiler has no vector instructions.
    static int preferredBits() {
        return Math.min(
                Math.min(ByteVector.SPECIES_PREFERRED.vectorBitSize(), ShortVector.SPECIES_PREFERRED.vectorBitSize()),
                Math.min(IntVector.SPECIES_PREFERRED.vectorBitSize(), FloatVector.SPECIES_PREFERRED.vectorBitSize()));
    }
}
