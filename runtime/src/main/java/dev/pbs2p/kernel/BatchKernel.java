package dev.pbs2p.kernel;

import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import dev.pbs2p.format.SlicedLayout;
import dev.pbs2p.tensor.PackedFormat;
import java.util.Objects;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;

/// Several rows of activations at once, where one instruction looks up 32 shorts: five bits of a mask look the sum of
/// five activations up, for half the rows of a unit. The indices are made once for a unit and serve all rows of the
/// batch, four at a time, and sums are shorts from the start: what [WideKernel] spends on making indices for each row,
/// and on widening, is saved.
///
/// Two slots are 16 bits of a weight row: three indices, and one bit left over. The bits left over of a piece make two
/// more indices, which come first.
///
/// One instance a thread.
final class BatchKernel {

    /// Rows of a batch that meet a unit together.
    static final int TILE = 32;
    /// Units of a part: two row blocks, so that tables are made half as often as for one.
    static final int UNITS = 2 * SlicedLayout.BLOCK;

    /// Fewer rows do not pay for the making of the indices.
    private static final int LEAST_ROWS = 6;
    /// Rows that share the loads of indices.
    private static final int TOGETHER = 4;

    private static final int ROWS = Masks.ROWS;
    private static final VectorSpecies<Short> SHORTS = Species.SHORTS;
    private static final VectorSpecies<Float> FLOATS = Species.FLOATS;
    private static final int LENGTH = FLOATS.length();
    /// Entries of a table, and rows of half a unit.
    private static final int TABLE = SHORTS.length();
    /// Places of two slots.
    private static final int PAIR = 16;
    /// Activations of a table.
    private static final int FIVE = 5;

    private static final int MOST_LOOKUPS = lookups(ActivationQuantizer.RUN / SubsetSums.PLACES);
    /// From the indices of a mask to those of the next, which lie beside them for each look-up.
    private static final int BESIDE = TABLE;
    /// From the indices of the even rows of two masks to those of the odd ones.
    private static final int HALF = MOST_LOOKUPS * 2 * BESIDE;

    /// For each of five members of a subset a vector: -1 where it belongs to the subset of an entry's number.
    private static final short[] SUBSETS = subsets();

    /// By pairs of masks, then even and odd rows, then look-ups.
    private final short[] indices = new short[Species.FIRST_SHORT + Math.ceilDiv(Masks.MOST, 2) * 2 * HALF];

    private @Nullable QuantizedRows quantized;
    private int rows;
    private short[] form = new short[0];
    private short[] salientForm = new short[0];
    private int pieceShorts;
    private int rowShorts;

    /// Of four rows: 64 sums a mask.
    private final short[] sums = new short[Species.FIRST_SHORT + TOGETHER * Masks.MOST * ROWS];

    /// Whether it is faster than the others.
    static boolean takes(int rows) {
        return rows >= LEAST_ROWS && SubsetSums.WIDE;
    }

    private static short[] subsets() {
        short[] subset = new short[FIVE * TABLE];
        for (int i = 0; i < subset.length; i++) {
            subset[i] = (short) -(((i % TABLE) >> (i / TABLE)) & 1);
        }
        return subset;
    }

    /// Look-ups of so many quads, each of two pairs of slots.
    private static int lookups(int quads) {
        return 2 + 3 * 2 * quads;
    }

    /// Where the sums of row `row` of four, of mask `mask`, are left: even rows of the unit, then odd ones.
    private static int sum(int row, int mask) {
        return Species.FIRST_SHORT + (row * Masks.MOST + mask) * ROWS;
    }

    /// Makes the tables of `pieces` pieces of the activations from `first` on, of rows 0 to before `rows`.
    void activations(QuantizedRows quantized, int rows, SlotOrder order, PackedFormat format, int first, int pieces) {
        this.quantized = quantized;
        this.rows = rows;
        pieceShorts = lookups(order.piece() / SubsetSums.PLACES) * TABLE;
        rowShorts = pieces * pieceShorts;
        int length = Species.FIRST_SHORT + rows * rowShorts;
        if (form.length < length) {
            form = new short[length];
        }
        if (format.salient() && salientForm.length < length) {
            salientForm = new short[length];
        }
        for (int row = 0; row < rows; row++) {
            for (int piece = 0; piece < pieces; piece++) {
                int from = quantized.at(row) + (first + piece) * order.piece();
                int pairs = order.quads(first + piece) * 2;
                encode(quantized.values(), from, pairs, form, at(row, piece));
                if (format.salient()) {
                    encode(quantized.salientValues(), from, pairs, salientForm, at(row, piece));
                }
            }
        }
    }

    private int at(int row, int piece) {
        return Species.FIRST_SHORT + row * rowShorts + piece * pieceShorts;
    }

    /// The loop calls nothing but the vector library, here and below: a vector that leaves a method becomes an object.
    private static void encode(byte[] q, int from, int pairs, short[] form, int to) {
        ShortVector m0 = ShortVector.fromArray(SHORTS, SUBSETS, 0);
        ShortVector m1 = ShortVector.fromArray(SHORTS, SUBSETS, TABLE);
        ShortVector m2 = ShortVector.fromArray(SHORTS, SUBSETS, 2 * TABLE);
        ShortVector m3 = ShortVector.fromArray(SHORTS, SUBSETS, 3 * TABLE);
        ShortVector m4 = ShortVector.fromArray(SHORTS, SUBSETS, 4 * TABLE);
        for (int five = 0; five < 3 * pairs; five++) {
            int i = from + five / 3 * PAIR + five % 3 * FIVE;
            m0.and(q[i])
                    .add(m1.and(q[i + 1]))
                    .add(m2.and(q[i + 2]))
                    .add(m3.and(q[i + 3]))
                    .add(m4.and(q[i + 4]))
                    .intoArray(form, to + (2 + five) * TABLE);
        }
        ShortVector left = ShortVector.zero(SHORTS);
        for (int pair = 0; pair < Math.min(FIVE, pairs); pair++) {
            ShortVector member = ShortVector.fromArray(SHORTS, SUBSETS, pair * TABLE);
            left = left.add(member.and(q[from + pair * PAIR + PAIR - 1]));
        }
        left.intoArray(form, to);
        left = ShortVector.zero(SHORTS);
        for (int pair = FIVE; pair < pairs; pair++) {
            ShortVector member = ShortVector.fromArray(SHORTS, SUBSETS, (pair - FIVE) * TABLE);
            left = left.add(member.and(q[from + pair * PAIR + PAIR - 1]));
        }
        left.intoArray(form, to + TABLE);
    }

    /// Makes the indices of a piece of a unit.
    void weights(PackedFormat format, Masks masks, int quads) {
        int counted = MaskRules.counted(format);
        for (int mask = 0; mask < counted; mask++) {
            index(masks.planes, Masks.first(mask), quads * 2, indices, indices(mask));
        }
    }

    /// Where the indices of a mask begin.
    private static int indices(int mask) {
        return Species.FIRST_SHORT + mask / 2 * 2 * HALF + mask % 2 * BESIDE;
    }

    private static void index(byte[] planes, int from, int pairs, short[] indices, int to) {
        ShortVector evenLeft = ShortVector.zero(SHORTS);
        ShortVector oddLeft = evenLeft;
        for (int pair = pairs - 1; pair >= 0; pair--) {
            ShortVector first = ByteVector.fromArray(Species.BYTES, planes, from + pair * 2 * Masks.SLOT)
                    .reinterpretAsShorts();
            ShortVector second = ByteVector.fromArray(Species.BYTES, planes, from + pair * 2 * Masks.SLOT + Masks.SLOT)
                    .reinterpretAsShorts();
            ShortVector even = first.and((short) 0xff).or(second.lanewise(LSHL, 8));
            ShortVector odd = first.lanewise(LSHR, 8).or(second.and((short) 0xff00));
            evenLeft = evenLeft.add(evenLeft).or(even.lanewise(LSHR, PAIR - 1));
            oddLeft = oddLeft.add(oddLeft).or(odd.lanewise(LSHR, PAIR - 1));
            int at = to + (2 + 3 * pair) * 2 * BESIDE;
            even.intoArray(indices, at);
            even.lanewise(LSHR, FIVE).intoArray(indices, at + 2 * BESIDE);
            even.lanewise(LSHR, 2 * FIVE).intoArray(indices, at + 4 * BESIDE);
            odd.intoArray(indices, at + HALF);
            odd.lanewise(LSHR, FIVE).intoArray(indices, at + HALF + 2 * BESIDE);
            odd.lanewise(LSHR, 2 * FIVE).intoArray(indices, at + HALF + 4 * BESIDE);
        }
        evenLeft.intoArray(indices, to);
        evenLeft.lanewise(LSHR, FIVE).intoArray(indices, to + 2 * BESIDE);
        oddLeft.intoArray(indices, to + HALF);
        oddLeft.lanewise(LSHR, FIVE).intoArray(indices, to + HALF + 2 * BESIDE);
    }

    /// Adds the products of piece `piece` of the activations, the group's number `inGroup`, to 64 floats for each row
    /// of the batch, from `total[to]` on.
    void multiply(
            PackedFormat format, SlotOrder order, int piece, int inGroup, float[] factors, float[] total, int to) {
        int lookups = lookups(order.quads(piece));
        int run = order.run(piece);
        QuantizedRows from = Objects.requireNonNull(quantized);
        boolean simple = MaskRules.simple(format);
        for (int row = 0; row < rows; row += TOGETHER) {
            if (simple && row + TOGETHER <= rows) {
                simple(lookups, inGroup, run, row, factors, total, to + row * ROWS);
            } else {
                sums(format, lookups, inGroup, row);
                for (int i = row; i < Math.min(row + TOGETHER, rows); i++) {
                    int at = sum(i % TOGETHER, 0);
                    float scale = from.scale(i, run);
                    SumFold.all(format, from, i, piece, scale, sums, at, factors, total, to + i * ROWS);
                }
            }
        }
    }

    private void simple(int lookups, int inGroup, int run, int row, float[] factors, float[] total, int to) {
        QuantizedRows from = Objects.requireNonNull(quantized);
        float s0 = from.scale(row, run);
        float s1 = from.scale(row + 1, run);
        float s2 = from.scale(row + 2, run);
        float s3 = from.scale(row + 3, run);
        int t0 = at(row, inGroup);
        int t1 = at(row + 1, inGroup);
        int t2 = at(row + 2, inGroup);
        int t3 = at(row + 3, inGroup);
        for (int half = 0; half < 2; half++) {
            int of = half * TABLE;
            int index = indices(0) + half * HALF;
            folded(indices, index, form, t0, t1, t2, t3, lookups, factors, of, s0, s1, s2, s3, total, to + of);
        }
    }

    /// Leaves the sums of four rows, or as many as there are. Others are summed twice.
    private void sums(PackedFormat format, int lookups, int inGroup, int row) {
        int t0 = at(row, inGroup);
        int t1 = at(Math.min(row + 1, rows - 1), inGroup);
        int t2 = at(Math.min(row + 2, rows - 1), inGroup);
        int t3 = at(Math.min(row + 3, rows - 1), inGroup);
        int ordinary = MaskRules.ordinary(format);
        int counted = MaskRules.counted(format);
        for (int half = 0; half < 2; half++) {
            int mask = 0;
            while (mask < counted) {
                int end = mask < ordinary ? ordinary : counted;
                short[] tables = mask < ordinary ? form : salientForm;
                int index = indices(mask) + half * HALF;
                int to = sum(0, mask) + half * TABLE;
                if (mask % 2 == 0 && mask + 1 < end) {
                    two(indices, index, tables, t0, t1, t2, t3, lookups, sums, to);
                    mask += 2;
                } else {
                    one(indices, index, tables, t0, t1, t2, t3, lookups, sums, to);
                    mask++;
                }
            }
        }
    }

    /// [#two] and [SumFold] in one, for half the rows of a unit: sums that went through memory took a fifth longer.
    private static void folded(
            short[] indices,
            int index,
            short[] tables,
            int t0,
            int t1,
            int t2,
            int t3,
            int lookups,
            float[] factors,
            int half,
            float s0,
            float s1,
            float s2,
            float s3,
            float[] total,
            int to) {
        ShortVector a0 = ShortVector.zero(SHORTS);
        ShortVector a1 = a0;
        ShortVector a2 = a0;
        ShortVector a3 = a0;
        ShortVector b0 = a0;
        ShortVector b1 = a0;
        ShortVector b2 = a0;
        ShortVector b3 = a0;
        for (int i = 0; i < lookups; i++) {
            ShortVector a = ShortVector.fromArray(SHORTS, indices, index + i * 2 * BESIDE);
            ShortVector b = ShortVector.fromArray(SHORTS, indices, index + i * 2 * BESIDE + BESIDE);
            ShortVector table = ShortVector.fromArray(SHORTS, tables, t0 + i * TABLE);
            a0 = a0.add(a.selectFrom(table));
            b0 = b0.add(b.selectFrom(table));
            table = ShortVector.fromArray(SHORTS, tables, t1 + i * TABLE);
            a1 = a1.add(a.selectFrom(table));
            b1 = b1.add(b.selectFrom(table));
            table = ShortVector.fromArray(SHORTS, tables, t2 + i * TABLE);
            a2 = a2.add(a.selectFrom(table));
            b2 = b2.add(b.selectFrom(table));
            table = ShortVector.fromArray(SHORTS, tables, t3 + i * TABLE);
            a3 = a3.add(a.selectFrom(table));
            b3 = b3.add(b.selectFrom(table));
        }
        FloatVector pLow = FloatVector.fromArray(FLOATS, factors, half);
        FloatVector pHigh = FloatVector.fromArray(FLOATS, factors, half + LENGTH);
        FloatVector kLow = FloatVector.fromArray(FLOATS, factors, half + ROWS);
        FloatVector kHigh = FloatVector.fromArray(FLOATS, factors, half + ROWS + LENGTH);
        FloatVector by;
        IntVector p;
        IntVector k;
        FloatVector low;
        FloatVector high;
        int at;
        by = FloatVector.broadcast(FLOATS, s0);
        p = a0.reinterpretAsInts();
        k = b0.reinterpretAsInts();
        low = ((FloatVector) p.lanewise(LSHL, 16).lanewise(ASHR, 16).convertShape(I2F, FLOATS, 0)).mul(pLow);
        low = ((FloatVector) k.lanewise(LSHL, 16).lanewise(ASHR, 16).convertShape(I2F, FLOATS, 0)).fma(kLow, low);
        high = ((FloatVector) p.lanewise(ASHR, 16).convertShape(I2F, FLOATS, 0)).mul(pHigh);
        high = ((FloatVector) k.lanewise(ASHR, 16).convertShape(I2F, FLOATS, 0)).fma(kHigh, high);
        at = to + 0 * ROWS;
        low.fma(by, FloatVector.fromArray(FLOATS, total, at)).intoArray(total, at);
        high.fma(by, FloatVector.fromArray(FLOATS, total, at + LENGTH)).intoArray(total, at + LENGTH);
        by = FloatVector.broadcast(FLOATS, s1);
        p = a1.reinterpretAsInts();
        k = b1.reinterpretAsInts();
        low = ((FloatVector) p.lanewise(LSHL, 16).lanewise(ASHR, 16).convertShape(I2F, FLOATS, 0)).mul(pLow);
        low = ((FloatVector) k.lanewise(LSHL, 16).lanewise(ASHR, 16).convertShape(I2F, FLOATS, 0)).fma(kLow, low);
        high = ((FloatVector) p.lanewise(ASHR, 16).convertShape(I2F, FLOATS, 0)).mul(pHigh);
        high = ((FloatVector) k.lanewise(ASHR, 16).convertShape(I2F, FLOATS, 0)).fma(kHigh, high);
        at = to + 1 * ROWS;
        low.fma(by, FloatVector.fromArray(FLOATS, total, at)).intoArray(total, at);
        high.fma(by, FloatVector.fromArray(FLOATS, total, at + LENGTH)).intoArray(total, at + LENGTH);
        by = FloatVector.broadcast(FLOATS, s2);
        p = a2.reinterpretAsInts();
        k = b2.reinterpretAsInts();
        low = ((FloatVector) p.lanewise(LSHL, 16).lanewise(ASHR, 16).convertShape(I2F, FLOATS, 0)).mul(pLow);
        low = ((FloatVector) k.lanewise(LSHL, 16).lanewise(ASHR, 16).convertShape(I2F, FLOATS, 0)).fma(kLow, low);
        high = ((FloatVector) p.lanewise(ASHR, 16).convertShape(I2F, FLOATS, 0)).mul(pHigh);
        high = ((FloatVector) k.lanewise(ASHR, 16).convertShape(I2F, FLOATS, 0)).fma(kHigh, high);
        at = to + 2 * ROWS;
        low.fma(by, FloatVector.fromArray(FLOATS, total, at)).intoArray(total, at);
        high.fma(by, FloatVector.fromArray(FLOATS, total, at + LENGTH)).intoArray(total, at + LENGTH);
        by = FloatVector.broadcast(FLOATS, s3);
        p = a3.reinterpretAsInts();
        k = b3.reinterpretAsInts();
        low = ((FloatVector) p.lanewise(LSHL, 16).lanewise(ASHR, 16).convertShape(I2F, FLOATS, 0)).mul(pLow);
        low = ((FloatVector) k.lanewise(LSHL, 16).lanewise(ASHR, 16).convertShape(I2F, FLOATS, 0)).fma(kLow, low);
        high = ((FloatVector) p.lanewise(ASHR, 16).convertShape(I2F, FLOATS, 0)).mul(pHigh);
        high = ((FloatVector) k.lanewise(ASHR, 16).convertShape(I2F, FLOATS, 0)).fma(kHigh, high);
        at = to + 3 * ROWS;
        low.fma(by, FloatVector.fromArray(FLOATS, total, at)).intoArray(total, at);
        high.fma(by, FloatVector.fromArray(FLOATS, total, at + LENGTH)).intoArray(total, at + LENGTH);
    }

    /// Two masks that lie side by side, half the rows of a unit.
    private static void two(
            short[] indices,
            int index,
            short[] tables,
            int t0,
            int t1,
            int t2,
            int t3,
            int lookups,
            short[] sums,
            int to) {
        ShortVector a0 = ShortVector.zero(SHORTS);
        ShortVector a1 = a0;
        ShortVector a2 = a0;
        ShortVector a3 = a0;
        ShortVector b0 = a0;
        ShortVector b1 = a0;
        ShortVector b2 = a0;
        ShortVector b3 = a0;
        for (int i = 0; i < lookups; i++) {
            ShortVector a = ShortVector.fromArray(SHORTS, indices, index + i * 2 * BESIDE);
            ShortVector b = ShortVector.fromArray(SHORTS, indices, index + i * 2 * BESIDE + BESIDE);
            ShortVector table = ShortVector.fromArray(SHORTS, tables, t0 + i * TABLE);
            a0 = a0.add(a.selectFrom(table));
            b0 = b0.add(b.selectFrom(table));
            table = ShortVector.fromArray(SHORTS, tables, t1 + i * TABLE);
            a1 = a1.add(a.selectFrom(table));
            b1 = b1.add(b.selectFrom(table));
            table = ShortVector.fromArray(SHORTS, tables, t2 + i * TABLE);
            a2 = a2.add(a.selectFrom(table));
            b2 = b2.add(b.selectFrom(table));
            table = ShortVector.fromArray(SHORTS, tables, t3 + i * TABLE);
            a3 = a3.add(a.selectFrom(table));
            b3 = b3.add(b.selectFrom(table));
        }
        a0.intoArray(sums, to);
        b0.intoArray(sums, to + ROWS);
        a1.intoArray(sums, to + Masks.MOST * ROWS);
        b1.intoArray(sums, to + Masks.MOST * ROWS + ROWS);
        a2.intoArray(sums, to + 2 * Masks.MOST * ROWS);
        b2.intoArray(sums, to + 2 * Masks.MOST * ROWS + ROWS);
        a3.intoArray(sums, to + 3 * Masks.MOST * ROWS);
        b3.intoArray(sums, to + 3 * Masks.MOST * ROWS + ROWS);
    }

    /// One mask, half the rows of a unit.
    private static void one(
            short[] indices,
            int index,
            short[] tables,
            int t0,
            int t1,
            int t2,
            int t3,
            int lookups,
            short[] sums,
            int to) {
        ShortVector a0 = ShortVector.zero(SHORTS);
        ShortVector a1 = a0;
        ShortVector a2 = a0;
        ShortVector a3 = a0;
        for (int i = 0; i < lookups; i++) {
            ShortVector a = ShortVector.fromArray(SHORTS, indices, index + i * 2 * BESIDE);
            a0 = a0.add(a.selectFrom(ShortVector.fromArray(SHORTS, tables, t0 + i * TABLE)));
            a1 = a1.add(a.selectFrom(ShortVector.fromArray(SHORTS, tables, t1 + i * TABLE)));
            a2 = a2.add(a.selectFrom(ShortVector.fromArray(SHORTS, tables, t2 + i * TABLE)));
            a3 = a3.add(a.selectFrom(ShortVector.fromArray(SHORTS, tables, t3 + i * TABLE)));
        }
        a0.intoArray(sums, to);
        a1.intoArray(sums, to + Masks.MOST * ROWS);
        a2.intoArray(sums, to + 2 * Masks.MOST * ROWS);
        a3.intoArray(sums, to + 3 * Masks.MOST * ROWS);
    }
}
