package dev.pbs2p.kernel;

import static jdk.incubator.vector.VectorOperators.BIT_COUNT;
import static jdk.incubator.vector.VectorOperators.LSHR;

import dev.pbs2p.format.SlicedLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;

/// Counts the bits that mask planes share with the bit planes of the activations, a vector of rows at a time.
///
/// Form of what is encoded at once: for each bit of the activations, lowest first, its plane: one byte a slot (bit j =
/// lane j), four times over, so that one load broadcasts it.
final class PopcountKernel implements PackedKernel {

    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.nativeOrder())
            .withInvokeExactBehavior();
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN)
            .withInvokeExactBehavior();
    private static final int ROWS = SlicedLayout.ROWS;

    private final int bits;

    /// @param bits of an activation
    PopcountKernel(int bits) {
        this.bits = bits;
    }

    @Override
    public String description() {
        return "popcount over bit planes in " + Species.BITS + "-bit vectors";
    }

    @Override
    public int bytesPerQuad() {
        return bits * QUAD * Integer.BYTES;
    }

    @Override
    public void encode(byte[] q, int from, int quads, byte[] form, int to) {
        for (int slot = 0; slot < quads * QUAD; slot++) {
            long planes = transpose((long) LONG.get(q, from + slot * SlicedLayout.LANES));
            for (int bit = 0; bit < bits; bit++) {
                INT.set(
                        form,
                        to + (bit * quads * QUAD + slot) * Integer.BYTES,
                        (int) ((planes >>> (8 * bit)) & 0xff) * 0x01010101);
            }
        }
    }

    /// Transposes 8 × 8 bits: bit j of byte i becomes bit i of byte j. Blocks of 1, 2 and 4 bits change places in turn.
    static long transpose(long x) {
        long swap = (x ^ (x >>> 7)) & 0x00aa00aa00aa00aaL;
        long y = x ^ swap ^ (swap << 7);
        swap = (y ^ (y >>> 14)) & 0x0000cccc0000ccccL;
        y ^= swap ^ (swap << 14);
        swap = (y ^ (y >>> 28)) & 0x00000000f0f0f0f0L;
        return y ^ swap ^ (swap << 28);
    }

    @Override
    public void count(Masks masks, int first, int count, int quads, byte[] form, int at) {
        int stride = masks.slotBytes();
        int mask = first;
        for (; mask + 1 < first + count; mask += 2) {
            for (int i = 0; i < ROWS; i += RowOrder.BLOCK) {
                countTwo(masks.low, mask * ROWS + i, stride, quads, form, at, masks.sums);
            }
        }
        if (mask < first + count) {
            for (int i = 0; i < ROWS; i += RowOrder.BLOCK) {
                countOne(masks.low, mask * ROWS + i, stride, quads, form, at, masks.sums);
            }
        }
    }

    /// Two masks share the loads of the activations' planes.
    private void countTwo(byte[] low, int from, int stride, int quads, byte[] form, int at, short[] sums) {
        ShortVector even0 = ShortVector.zero(Species.SHORTS);
        ShortVector odd0 = even0;
        ShortVector even1 = even0;
        ShortVector odd1 = even0;
        for (int bit = bits - 1; bit >= 0; bit--) {
            ByteVector count0 = ByteVector.zero(Species.BYTES);
            ByteVector count1 = count0;
            int planes = at + bit * quads * QUAD * Integer.BYTES;
            for (int slot = 0; slot < quads * QUAD; slot++) {
                ByteVector x = plane(form, planes + slot * Integer.BYTES);
                int mask = from + slot * stride;
                count0 = count0.add(shared(low, mask, x));
                count1 = count1.add(shared(low, mask + ROWS, x));
            }
            ShortVector c0 = count0.reinterpretAsShorts();
            ShortVector c1 = count1.reinterpretAsShorts();
            even0 = horner(even0, c0.and((short) 255), bit);
            odd0 = horner(odd0, c0.lanewise(LSHR, 8), bit);
            even1 = horner(even1, c1.and((short) 255), bit);
            odd1 = horner(odd1, c1.lanewise(LSHR, 8), bit);
        }
        even0.intoArray(sums, from);
        odd0.intoArray(sums, from + RowOrder.BLOCK / 2);
        even1.intoArray(sums, from + ROWS);
        odd1.intoArray(sums, from + ROWS + RowOrder.BLOCK / 2);
    }

    private void countOne(byte[] low, int from, int stride, int quads, byte[] form, int at, short[] sums) {
        ShortVector even = ShortVector.zero(Species.SHORTS);
        ShortVector odd = even;
        for (int bit = bits - 1; bit >= 0; bit--) {
            ByteVector count = ByteVector.zero(Species.BYTES);
            int planes = at + bit * quads * QUAD * Integer.BYTES;
            for (int slot = 0; slot < quads * QUAD; slot++) {
                count = count.add(shared(low, from + slot * stride, plane(form, planes + slot * Integer.BYTES)));
            }
            ShortVector c = count.reinterpretAsShorts();
            even = horner(even, c.and((short) 255), bit);
            odd = horner(odd, c.lanewise(LSHR, 8), bit);
        }
        even.intoArray(sums, from);
        odd.intoArray(sums, from + RowOrder.BLOCK / 2);
    }

    private static ByteVector plane(byte[] form, int at) {
        return IntVector.broadcast(Species.INTS, (int) INT.get(form, at)).reinterpretAsBytes();
    }

    /// At most 8 bits a slot and 16 slots: the counts fit a byte, read without a sign.
    private static ByteVector shared(byte[] low, int at, ByteVector x) {
        return ByteVector.fromArray(Species.BYTES, low, at).and(x).lanewise(BIT_COUNT);
    }

    /// The top bit of two's complement counts negative.
    private ShortVector horner(ShortVector sum, ShortVector count, int bit) {
        return bit == bits - 1 ? count.neg() : sum.add(sum).add(count);
    }
}
