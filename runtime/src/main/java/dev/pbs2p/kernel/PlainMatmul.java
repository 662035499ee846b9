package dev.pbs2p.kernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.pbs2p.format.SlicedLayout;
import dev.pbs2p.format.SlicedLayout.Group;
import dev.pbs2p.format.SlicedLayout.Subblock;
import dev.pbs2p.tensor.PackedFormat;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;

/// Activations times packed weights in plain Java on one thread, for as long as the vector kernels would wait
/// for the compiler.
///
/// For each slot and each of its 256 subsets of lanes a table holds the sum of the activations, so that a byte of a
/// mask takes one look-up.
final class PlainMatmul {

    private static final int ROWS = SlicedLayout.ROWS;
    private static final int LANES = SlicedLayout.LANES;
    /// Slots of a run of activations, and of a subblock at most.
    private static final int SLOTS = SlicedLayout.MAX_SLOTS;
    private static final int SUBSETS = 1 << LANES;
    /// Entries of the tables of a run.
    private static final int TABLES = SLOTS * SUBSETS;

    private final ActivationQuantizer quantizer;

    private final IdentityHashMap<PackedLinear, PlainMasks> masks = new IdentityHashMap<>();
    private final byte[] levels = new byte[LevelMaker.MOST_PARAMETERS * ROWS];

    private byte[][] q = new byte[0][];
    private float[][] scales = new float[0][];
    /// For each row of activations the tables of ordinary columns, then those of salient columns.
    private short[] tables = new short[0];
    private float[] sums = new float[0];

    PlainMatmul(ActivationQuantizer quantizer) {
        this.quantizer = quantizer;
    }

    /// Gives back what it made of weights.
    void forget() {
        masks.clear();
    }

    /// out = x · Wᵀ + bias.
    void multiply(HostMatrix x, PackedLinear w, HostMatrix out) {
        int padded = w.layout().rowUnits() * ROWS;
        reserve(x, padded);
        for (int r = 0; r < x.rows(); r++) {
            quantizer.quantize(x.data, r * x.cols(), x.cols(), q[r], scales[r]);
        }
        PlainMasks made = masks.computeIfAbsent(w, PlainMasks::new);
        for (int g = 0; g < w.layout().groups(); g++) {
            List<Subblock> subblocks = w.layout().group(g).subblocks();
            int together = w.order().subblocks(w.layout().group(g));
            for (int first = 0; first < subblocks.size(); first += together) {
                int end = Math.min(subblocks.size(), first + together);
                run(w, made, g, subblocks.subList(first, end), x.rows());
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
    private void run(PackedLinear w, PlainMasks made, int g, List<Subblock> subblocks, int rows) {
        PackedFormat format = w.weight().format();
        Group group = w.layout().group(g);
        int firstSlot = subblocks.getFirst().firstSlot();
        int run = (g * format.group() + firstSlot * LANES) / ActivationQuantizer.RUN;
        int slots = subblocks.getLast().firstSlot() + subblocks.getLast().slots() - firstSlot;
        for (int row = 0; row < rows; row++) {
            tables(w, g, firstSlot, slots, row);
        }
        for (int unit = 0; unit < w.layout().rowUnits(); unit++) {
            long from = w.layout().offset(unit, g) + group.levels();
            MemorySegment.copy(w.weight().planes(), JAVA_BYTE, from, levels, 0, format.parameters() * ROWS);
            int firstMask = made.at(unit, g) + firstSlot;
            for (int row = 0; row < rows; row++) {
                int to = (row * w.layout().rowUnits() + unit) * ROWS;
                for (int i = 0; i < ROWS; i++) {
                    int at = firstMask + i * made.count() * group.slots();
                    int product = product(format, i, made.bytes(), at, group.slots(), slots, row);
                    sums[to + i] = Math.fma((float) product, scales[row][run], sums[to + i]);
                }
            }
        }
    }

    /// The tables of one row of activations: those of ordinary columns, then, if there are any, of salient ones.
    private void tables(PackedLinear w, int g, int firstSlot, int slots, int row) {
        boolean some = w.weight().format().salient();
        for (int i = 0; i < slots * LANES; i++) {
            int inGroup = w.layout().group(g).column(firstSlot + i / LANES, i % LANES);
            int column = g * w.weight().format().group() + inGroup;
            short value = inGroup < 0 ? 0 : q[row][column];
            int at = row * 2 * TABLES + i / LANES * SUBSETS;
            boolean salient = some && inGroup >= 0 && w.weight().isSalient(column);
            extend(at, i % LANES, salient ? 0 : value);
            if (some) {
                extend(at + TABLES, i % LANES, salient ? value : 0);
            }
        }
    }

    /// Doubles the entries of a table: each once more with the activation of lane `lane`.
    private void extend(int at, int lane, int value) {
        int there = 1 << lane;
        for (int i = at; i < at + there; i++) {
            tables[i + there] = (short) (tables[i] + value);
        }
    }

    /// The integer product of row `i` of a unit: Σ_s 2 alpha_s · sum(P_s) + (mu_s - alpha_s) · sum(K_s), and
    /// for salient columns 2 alpha1 · sum(P) + 2 alpha2 · sum(Q) + (mu - alpha1 - alpha2) · sum(K).
    ///
    /// @param at where the row's masks begin
    /// @param step from a mask to the next
    private int product(PackedFormat format, int i, byte[] masks, int at, int step, int slots, int row) {
        int segments = format.segments();
        int table = row * 2 * TABLES;
        int total = 0;
        for (int s = 0; s < segments; s++) {
            int alpha = level(s, i);
            int mu = format.symmetric() ? 0 : level(segments + s, i);
            total += 2 * alpha * sum(masks, at + 2 * s * step, slots, table)
                    + (mu - alpha) * sum(masks, at + (2 * s + 1) * step, slots, table);
        }
        if (format.salient()) {
            int first = format.symmetric() ? segments : 2 * segments;
            int alphas = level(first, i) + level(first + 1, i);
            int mu = format.symmetric() ? 0 : level(first + 2, i);
            table += TABLES;
            total += 2 * level(first, i) * sum(masks, at + 2 * segments * step, slots, table)
                    + 2 * level(first + 1, i) * sum(masks, at + (2 * segments + 1) * step, slots, table)
                    + (mu - alphas) * sum(masks, at + (2 * segments + 2) * step, slots, table);
        }
        return total;
    }

    private int level(int parameter, int i) {
        return levels[parameter * ROWS + i];
    }

    /// The activations whose bits are set in a mask.
    private int sum(byte[] masks, int at, int slots, int table) {
        int sum = 0;
        for (int slot = 0; slot < slots; slot++) {
            sum += tables[table + slot * SUBSETS + Byte.toUnsignedInt(masks[at + slot])];
        }
        return sum;
    }

    private void finish(PackedLinear w, int rows, int padded, HostMatrix out) {
        for (int row = 0; row < rows; row++) {
            for (int o = 0; o < w.outputs(); o++) {
                float y = sums[row * padded + o] * w.step(o);
                out.data[row * w.outputs() + o] = ScalarBackend.withBias(y, w.bias(), o);
            }
        }
    }
}
