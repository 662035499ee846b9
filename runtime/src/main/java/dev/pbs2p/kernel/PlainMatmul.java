package dev.pbs2p.kernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.pbs2p.format.SlicedLayout;
import dev.pbs2p.format.SlicedLayout.Group;
import dev.pbs2p.format.SlicedLayout.Subblock;
import dev.pbs2p.tensor.PackedFormat;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;

/// Activations times packed weights in plain Java on one thread, for as long as the vector kernels would wait
/// for the compiler.
///
/// Eight rows (bytes of a plane vector) are a long. For each slot and each of its 256 subsets of lanes a table
/// holds the sum of the activations, so that a byte of a mask takes one look-up.
final class PlainMatmul {

    private static final int ROWS = SlicedLayout.ROWS;
    private static final int LANES = SlicedLayout.LANES;
    /// Slots of a run of activations, and of a subblock at most.
    private static final int SLOTS = SlicedLayout.MAX_SLOTS;
    private static final int SUBSETS = 1 << LANES;
    /// Entries of the tables of a run.
    private static final int TABLES = SLOTS * SUBSETS;
    /// Longs of a plane vector.
    private static final int LONGS = ROWS / Long.BYTES;
    /// Compact planes of a subblock: sign and two of the segment.
    private static final int COMPACT = 3;

    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final ActivationQuantizer quantizer;

    /// Planes of a subblock as stored: compact planes, then at most two keep planes.
    private final long[] stored = new long[(COMPACT + 2) * SLOTS * LONGS];
    /// For each compact plane the bits that no slot has taken yet, of eight rows: each lane's next one is in the first.
    private final long[] queues = new long[COMPACT * SLOTS];
    /// Masks of a run: (long × mask) × slot.
    private final long[] masks = new long[LONGS * Masks.MOST * SLOTS];
    private final byte[] levels = new byte[LevelMaker.MOST_PARAMETERS * ROWS];

    private byte[][] q = new byte[0][];
    private float[][] scales = new float[0][];
    /// For each row of activations the tables of ordinary columns, then those of salient columns.
    private short[] tables = new short[0];
    private float[] sums = new float[0];

    PlainMatmul(ActivationQuantizer quantizer) {
        this.quantizer = quantizer;
    }

    /// out = x · Wᵀ + bias.
    void multiply(HostMatrix x, PackedLinear w, HostMatrix out) {
        int padded = w.layout().rowUnits() * ROWS;
        reserve(x, padded);
        for (int r = 0; r < x.rows(); r++) {
            quantizer.quantize(x.data, r * x.cols(), x.cols(), q[r], scales[r]);
        }
        for (int g = 0; g < w.layout().groups(); g++) {
            List<Subblock> subblocks = w.layout().group(g).subblocks();
            int together = w.order().subblocks(w.layout().group(g));
            for (int first = 0; first < subblocks.size(); first += together) {
                int end = Math.min(subblocks.size(), first + together);
                run(w, g, subblocks.subList(first, end), x.rows());
            }
        }
        finish(w, x.rows(), padded, out);
    }

    private void reserve(HostMatrix x, int padded) {
        if (q.length < x.rows() || q[0].length < x.cols()) {
            q = new byte[x.rows()][x.cols()];
            scales = new float[x.rows()][ActivationQuantizer.runs(x.cols())];
            tables = new short[x.rows() * 2 * TABLES];
        }
        if (sums.length < x.rows() * padded) {
            sums = new float[x.rows() * padded];
        }
        Arrays.fill(sums, 0, x.rows() * padded, 0);
    }

    /// Adds the products of the columns of some subblocks, which share a scale, to the sums of all rows.
    private void run(PackedLinear w, int g, List<Subblock> subblocks, int rows) {
        PackedFormat format = w.weight().format();
        Group group = w.layout().group(g);
        int firstSlot = subblocks.getFirst().firstSlot();
        int run = (g * format.group() + firstSlot * LANES) / ActivationQuantizer.RUN;
        int slots = subblocks.getLast().firstSlot() + subblocks.getLast().slots() - firstSlot;
        for (int row = 0; row < rows; row++) {
            tables(w, g, firstSlot, slots, row);
        }
        for (int unit = 0; unit < w.layout().rowUnits(); unit++) {
            long at = w.layout().offset(unit, g);
            for (Subblock subblock : subblocks) {
                masks(format, w.weight().planes(), at, subblock, subblock.firstSlot() - firstSlot);
            }
            int parameters = format.parameters() * ROWS;
            MemorySegment.copy(w.weight().planes(), JAVA_BYTE, at + group.levels(), levels, 0, parameters);
            for (int row = 0; row < rows; row++) {
                int to = (row * w.layout().rowUnits() + unit) * ROWS;
                for (int i = 0; i < ROWS; i++) {
                    sums[to + i] = Math.fma((float) product(format, i, slots, row), scales[row][run], sums[to + i]);
                }
            }
        }
    }

    /// The tables of one row of activations: those of ordinary columns, then those of salient columns.
    private void tables(PackedLinear w, int g, int firstSlot, int slots, int row) {
        for (int i = 0; i < slots * LANES; i++) {
            int inGroup = w.layout().group(g).column(firstSlot + i / LANES, i % LANES);
            int column = g * w.weight().format().group() + inGroup;
            short value = inGroup < 0 ? 0 : q[row][column];
            boolean salient = inGroup >= 0 && w.weight().isSalient(column);
            int at = row * 2 * TABLES + i / LANES * SUBSETS;
            extend(at, i % LANES, salient ? 0 : value);
            extend(at + TABLES, i % LANES, salient ? value : 0);
        }
    }

    /// Doubles the entries of a table: each once more with the activation of lane `lane`.
    private void extend(int at, int lane, int value) {
        int there = 1 << lane;
        for (int i = at; i < at + there; i++) {
            tables[i + there] = (short) (tables[i] + value);
        }
    }

    /// Makes the masks of a subblock. Its slot `k` goes to slot `firstSlot + k`.
    private void masks(PackedFormat format, MemorySegment planes, long unit, Subblock subblock, int firstSlot) {
        int slots = subblock.slots();
        int compact = 1 + SlicedLayout.segmentPlanes(format);
        int keeps = compact * subblock.kept() * LONGS;
        int longs = keeps + SlicedLayout.keepPlanes(format) * slots * LONGS;
        MemorySegment.copy(planes, LONG, unit + subblock.signs(), stored, 0, longs);
        for (int part = 0; part < LONGS; part++) {
            for (int p = 0; p < compact; p++) {
                for (int k = 0; k < subblock.kept(); k++) {
                    queues[p * SLOTS + k] = stored[(p * subblock.kept() + k) * LONGS + part];
                }
            }
            for (int slot = 0; slot < slots; slot++) {
                long low = format.dense() ? -1 : stored[keeps + slot * LONGS + part];
                long high = SlicedLayout.keepPlanes(format) == 2 ? stored[keeps + (slots + slot) * LONGS + part] : 0;
                combine(format, low, high, part * Masks.MOST * SLOTS + firstSlot + slot);
                for (int p = 0; p < compact; p++) {
                    take(p * SLOTS, subblock.kept(), low | high);
                }
            }
        }
    }

    /// Moves the bits of the lanes that a slot keeps up by one.
    private void take(int queue, int kept, long keep) {
        for (int k = queue; k < queue + kept - 1; k++) {
            queues[k] ^= (queues[k] ^ queues[k + 1]) & keep;
        }
    }

    /// Writes the masks of a slot: for each segment s, P_s = kept, in s, sign 1, and K_s = kept, in s; with
    /// salient columns then P and Q = kept with first and second sign 1, and K = kept.
    ///
    /// @param low what is kept; with three segments in an N:M format, as is `high`, a bit of the symbol
    private void combine(PackedFormat format, long low, long high, int to) {
        int segments = format.segments();
        boolean symbols = SlicedLayout.keepPlanes(format) == 2;
        long keep = low | high;
        long sign = queues[0] & keep;
        long second = symbols ? high : queues[SLOTS] & keep;
        long segmentLow = segments == 1 ? 0 : symbols ? high & ~low : second;
        long segmentHigh = segments < 3 ? 0 : symbols ? high & low : queues[2 * SLOTS];
        for (int s = 0; s < segments; s++) {
            long there = keep & ((s & 1) == 1 ? segmentLow : ~segmentLow) & ((s & 2) == 2 ? segmentHigh : ~segmentHigh);
            masks[to + 2 * s * SLOTS] = there & sign;
            masks[to + (2 * s + 1) * SLOTS] = there;
        }
        if (format.salient()) {
            masks[to + 2 * segments * SLOTS] = sign;
            masks[to + (2 * segments + 1) * SLOTS] = second;
            masks[to + (2 * segments + 2) * SLOTS] = keep;
        }
    }

    /// The integer product of row `i` of a unit: Σ_s 2 alpha_s · sum(P_s) + (mu_s - alpha_s) · sum(K_s), and
    /// for salient columns 2 alpha1 · sum(P) + 2 alpha2 · sum(Q) + (mu - alpha1 - alpha2) · sum(K).
    private int product(PackedFormat format, int i, int slots, int row) {
        int segments = format.segments();
        int table = row * 2 * TABLES;
        int total = 0;
        for (int s = 0; s < segments; s++) {
            int alpha = level(s, i);
            int mu = format.symmetric() ? 0 : level(segments + s, i);
            total += 2 * alpha * sum(2 * s, i, slots, table) + (mu - alpha) * sum(2 * s + 1, i, slots, table);
        }
        if (format.salient()) {
            int first = format.symmetric() ? segments : 2 * segments;
            int alphas = level(first, i) + level(first + 1, i);
            int mu = format.symmetric() ? 0 : level(first + 2, i);
            table += TABLES;
            total += 2 * level(first, i) * sum(2 * segments, i, slots, table)
                    + 2 * level(first + 1, i) * sum(2 * segments + 1, i, slots, table)
                    + (mu - alphas) * sum(2 * segments + 2, i, slots, table);
        }
        return total;
    }

    private int level(int parameter, int i) {
        return levels[parameter * ROWS + i];
    }

    /// The activations whose bits are set in mask `mask` of row `i`.
    private int sum(int mask, int i, int slots, int table) {
        int at = (i / Long.BYTES * Masks.MOST + mask) * SLOTS;
        int shift = i % Long.BYTES * LANES;
        int sum = 0;
        for (int slot = 0; slot < slots; slot++) {
            sum += tables[table + slot * SUBSETS + (int) (masks[at + slot] >>> shift & (SUBSETS - 1))];
        }
        return sum;
    }

    private void finish(PackedLinear w, int rows, int padded, HostMatrix out) {
        for (int row = 0; row < rows; row++) {
            for (int o = 0; o < w.outputs(); o++) {
                float y = sums[row * padded + o] * ScalarBackend.step(w, o);
                out.data[row * w.outputs() + o] = ScalarBackend.withBias(y, w.bias(), o);
            }
        }
    }
}
