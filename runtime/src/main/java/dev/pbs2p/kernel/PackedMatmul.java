package dev.pbs2p.kernel;

import dev.pbs2p.format.SlicedLayout;
import dev.pbs2p.format.SlicedLayout.Group;
import dev.pbs2p.format.SlicedLayout.Subblock;
import dev.pbs2p.tensor.PackedFormat;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Activations times packed weights: a row block a part. The planes of a piece are spread once and serve all
/// rows of a batch.
///
/// A part walks straight through memory, and all units of a block meet a group's encoded activations, which
/// each thread encodes for itself, while these are in the first-level cache: where activations come from the
/// second level as often as planes come from memory, the processor's prefetching falls behind, and decoding
/// takes nearly twice as long.
final class PackedMatmul {

    /// Rows of a batch that meet a unit together: their encoded activations should stay in the second-level
    /// cache.
    private static final int TILE = 16;
    /// Runs a thread quantises in one part.
    private static final int RUNS = 8;
    /// Units of a part, and units × groups still to come, below which nothing is split off.
    private static final int LEAST_UNITS = 4;

    private static final int LEAST_WORK = 24;
    /// Activations of a row below which one thread quantises them sooner than several do.
    private static final int ALONE = 8192;
    /// Bytes of a product's planes below which nothing is fetched ahead: those of models that lie in the caches anyway.
    private static final int LARGE = 1 << 19;

    private static final int ROWS = SlicedLayout.ROWS;
    /// Bytes of a unit's steps.
    private static final long STEPS = (long) ROWS * Float.BYTES;

    private final Workers workers;
    private final QuantizedRows quantized;
    private final Scratch[] scratch;
    private final Workers.Task quantize = this::quantizePart;
    private final Workers.Task multiply = this::part;

    private final UnitParts parts = new UnitParts();
    private List<PackedLinear> linears = List.of();
    private List<HostMatrix> outs = List.of();
    private @Nullable HostMatrix x;
    private SlotOrder order = new SlotOrder(1, 0, 32);
    private int firstRow;
    private int rows;
    private boolean tiled;
    private boolean batched;
    private boolean ahead;
    private int runsPerPart;
    /// Counts products, and tiles of them.
    private int product;

    /// What one thread works in.
    private static final class Scratch {
        private final QuantizedRows.Scratch quantize = new QuantizedRows.Scratch();
        private final Forms forms = new Forms();
        private final Ahead ahead = new Ahead();
        private final Masks masks = new Masks();
        private final MaskMaker maker = new MaskMaker();
        private final LevelMaker levels = new LevelMaker();
        private final TileKernel tile = new TileKernel();
        private final BatchKernel batch = new BatchKernel();
        private float[] sums = new float[0];
        /// The sums of units that were split off, until another thread has taken them.
        private float[] left = new float[0];
        private volatile boolean leaving;
    }

    PackedMatmul(ActivationQuantizer quantizer, Workers workers) {
        this.workers = workers;
        this.quantized = new QuantizedRows(quantizer);
        this.scratch = new Scratch[workers.threads()];
        Arrays.setAll(scratch, i -> new Scratch());
    }

    /// Whether two linears read the same encoded activations, and can be multiplied together.
    static boolean sharing(PackedLinear a, PackedLinear b) {
        PackedFormat one = a.weight().format();
        PackedFormat other = b.weight().format();
        return a.order().equals(b.order()) && one.dense() == other.dense() && !one.salient() && !other.salient();
    }

    /// Writes x · Wᵀ + bias of each linear, all [#sharing] with the first, to the matrix of its number.
    void multiply(HostMatrix in, List<PackedLinear> ws, List<HostMatrix> to) {
        PackedLinear some = ws.getFirst();
        x = in;
        linears = ws;
        outs = to;
        order = some.order();
        tiled = TileKernel.takes(in.rows());
        boolean large = BatchKernel.takes(in.rows());
        int tile = tiled ? TileKernel.TILE : large ? BatchKernel.TILE : TILE;
        parts.cut(linears, workers.threads(), large ? BatchKernel.UNITS : SlicedLayout.BLOCK);
        ahead = fetchAhead();
        for (firstRow = 0; firstRow < in.rows(); firstRow += tile) {
            rows = Math.min(tile, in.rows() - firstRow);
            batched = BatchKernel.takes(rows);
            quantized.prepare(rows, order, some.weight());
            product++;
            runsPerPart = order.cols() < ALONE ? quantized.runs() : RUNS;
            workers.run(quantize, rows * quantizeParts());
            parts.restart();
            workers.run(multiply, parts.count());
        }
        x = null;
        linears = List.of();
        outs = List.of();
    }

    /// Whether the processor is told what comes next.
    private boolean fetchAhead() {
        long bytes = 0;
        for (int i = 0; i < linears.size(); i++) {
            MemorySegment planes = linears.get(i).weight().planes();
            bytes += planes.isNative() ? planes.byteSize() : 0;
        }
        return Prefetch.supported() && bytes >= LARGE;
    }

    private int quantizeParts() {
        return Math.ceilDiv(quantized.runs(), runsPerPart);
    }

    private void quantizePart(int part, int worker) {
        HostMatrix in = Objects.requireNonNull(x);
        int row = part / quantizeParts();
        int first = part % quantizeParts() * runsPerPart;
        for (int run = first; run < Math.min(first + runsPerPart, quantized.runs()); run++) {
            quantized.quantize(row, run, in.data, (firstRow + row) * in.cols(), scratch[worker].quantize);
        }
    }

    private void part(int part, int worker) {
        Scratch mine = scratch[worker];
        int linear = parts.linear(part);
        int first = parts.first(part);
        int end = parts.end(part);
        int group = parts.group(part);
        int sums = reserve(mine, end - first);
        if (parts.begun(part)) {
            Scratch giver = scratch[parts.giver(part)];
            System.arraycopy(giver.left, 0, mine.sums, 0, sums);
            giver.leaving = false;
        } else {
            Arrays.fill(mine.sums, 0, sums, 0);
        }
        units(linear, first, end, group, worker);
    }

    /// Makes room for the sums of some units.
    ///
    /// @return where they end
    private int reserve(Scratch mine, int units) {
        int sums = sums(units);
        if (mine.sums.length < sums) {
            mine.sums = new float[sums];
        }
        return sums;
    }

    /// Where the sums of the unit of that number begin.
    private int sums(int unit) {
        return Species.FIRST_FLOAT + unit * rows * ROWS;
    }

    /// Multiplies row units `first` to before `end` of a linear, from a column group on.
    private void units(int linear, int first, int end, int group, int worker) {
        PackedLinear w = linears.get(linear);
        Scratch mine = scratch[worker];
        PackedFormat format = w.weight().format();
        if (!tiled && !batched) {
            mine.forms.start(product, rows, order, format, ahead);
        }
        if (ahead) {
            Prefetch.lines(w.weight().planes().address() + w.layout().offset(first, group), Ahead.BYTES);
        }
        int groupPieces = format.group() / order.piece();
        for (int g = group; g < w.layout().groups(); g++) {
            if (workers.idle()) {
                end = split(linear, first, end, g, worker);
            }
            int piece = g * groupPieces;
            int pieces = Math.min(groupPieces, order.pieces() - piece);
            if (tiled) {
                mine.tile.activations(quantized, rows, order, format, piece, pieces);
            } else if (batched) {
                mine.batch.activations(quantized, rows, order, format, piece, pieces);
            } else {
                mine.forms.encode(quantized, order, format, piece, piece + pieces);
            }
            for (int from = first, to; from < end; from = to) {
                to = Math.min(end, from - from % SlicedLayout.BLOCK + SlicedLayout.BLOCK);
                long next = to < end ? w.layout().offset(to, g) : w.layout().offset(first, g + 1);
                group(linear, g, piece, from, to, next, mine, sums(from - first));
            }
        }
    }

    /// Splits off half of a part's units, from a group on, for a thread that has nothing to do, if that is worth it.
    /// Their groups are added in the same order as ever.
    ///
    /// @return the unit behind those that remain
    private int split(int linear, int first, int end, int group, int worker) {
        int units = end - first;
        int groups = linears.get(linear).layout().groups() - group;
        if (units < LEAST_UNITS || units * groups < LEAST_WORK) {
            return end;
        }
        int middle = first + units / 2;
        Scratch mine = scratch[worker];
        synchronized (parts) {
            if (mine.leaving || !workers.idle() || !parts.split(linear, middle, end, group, worker)) {
                return end;
            }
            int sums = sums(end - middle);
            if (mine.left.length < sums) {
                mine.left = new float[sums];
            }
            System.arraycopy(mine.sums, sums(units / 2), mine.left, sums(0), sums - sums(0));
            mine.leaving = true;
            workers.add();
        }
        return middle;
    }

    /// Group `g` of the row units `first` to before `end`, which lie side by side; after the last group a unit's
    /// products are complete and go out.
    ///
    /// @param firstPiece of the group's activations
    /// @param after where memory is read next
    /// @param to the sums of the first unit
    private void group(int linear, int g, int firstPiece, int first, int end, long after, Scratch mine, int to) {
        PackedLinear w = linears.get(linear);
        PackedFormat format = w.weight().format();
        Group group = w.layout().group(g);
        boolean last = g == w.layout().groups() - 1;
        long planes = w.weight().planes().address();
        boolean direct = rows == 1 && OneSegmentKernel.takes(format, group);
        boolean two = rows == 1 && TwoSegmentKernel.takes(format, group);
        boolean simple = !tiled && !batched && !direct && MaskRules.simple(format);
        int together = order.subblocks(group);
        int step = direct || simple ? Masks.UNITS : 1;
        long at = w.layout().offset(first, g);
        long groupEnd = at + (long) (end - first) * group.bytes();
        if (ahead && last) {
            Prefetch.lines(w.steps().address() + first * STEPS, (end - first) * STEPS);
        }
        mine.ahead.start(ahead, planes + at, planes + groupEnd, group.bytes(), planes + after);
        for (int unit = first; unit < end; unit += step) {
            int units = Math.min(step, end - unit);
            if (direct) {
                one(w, group, together, at, units, firstPiece, mine, to);
            } else {
                for (int i = 0; i < units; i++) {
                    mine.ahead.next();
                }
                if (two) {
                    two(w, group, together, at, firstPiece, mine, to);
                } else if (simple) {
                    simple(w, group, together, at, units, firstPiece, mine, to);
                } else {
                    unit(w, group, together, at, firstPiece, mine, to);
                }
            }
            if (last) {
                for (int i = 0; i < units; i++) {
                    finish(w, unit + i, mine, to + i * rows * ROWS, outs.get(linear));
                }
            }
            at += (long) step * group.bytes();
            to += step * rows * ROWS;
        }
    }

    /// Adds the products of the unit at `at`, whose activations begin at piece `firstPiece`, to the sums from
    /// `to` on.
    ///
    /// @param together subblocks of a piece
    private void unit(PackedLinear w, Group group, int together, long at, int firstPiece, Scratch mine, int to) {
        PackedFormat format = w.weight().format();
        int subblocks = group.subblocks().size();
        boolean levels = false;
        for (int piece = 0; piece * together < subblocks; piece++) {
            int first = piece * together;
            int end = Math.min(subblocks, first + together);
            masks(w, at, group, first, end, 0, mine);
            // After the planes that lie before them: memory is read in its order.
            if (!levels) {
                mine.levels.read(format, w.weight().planes(), at + group.levels());
                levels = true;
            }
            if (tiled) {
                tile(w, firstPiece + piece, piece * order.piece(), mine, to);
                continue;
            }
            if (batched) {
                mine.batch.weights(format, mine.masks, order.quads(firstPiece + piece));
                mine.batch.multiply(format, order, firstPiece + piece, piece, mine.levels.floats(), mine.sums, to);
                continue;
            }
            for (int row = 0; row < rows; row++) {
                count(format, order.quads(firstPiece + piece), mine, mine.forms.at(row, firstPiece + piece));
                SumFold.all(
                        format,
                        quantized,
                        row,
                        firstPiece + piece,
                        scale(row, firstPiece + piece),
                        mine.masks.sums,
                        0,
                        mine.levels.floats(),
                        mine.sums,
                        to + row * ROWS);
            }
        }
    }

    /// The same for a single row and up to [Masks#UNITS] units that follow each other, if [OneSegmentKernel] takes
    /// them.
    private void one(
            PackedLinear w, Group group, int together, long at, int units, int firstPiece, Scratch mine, int to) {
        int subblocks = group.subblocks().size();
        for (int first = 0, piece = 0; first < subblocks; first += together, piece++) {
            OneSegmentKernel.multiply(
                    w.weight().planes(),
                    at,
                    units,
                    group,
                    first,
                    Math.min(subblocks, first + together),
                    mine.ahead,
                    w.weight().format().symmetric(),
                    mine.forms.form(),
                    mine.forms.at(0, firstPiece + piece),
                    scale(0, firstPiece + piece),
                    mine.masks,
                    mine.sums,
                    to);
        }
    }

    /// The same for a single row and a unit that [TwoSegmentKernel] takes.
    private void two(PackedLinear w, Group group, int together, long at, int firstPiece, Scratch mine, int to) {
        MemorySegment planes = w.weight().planes();
        boolean symmetric = w.weight().format().symmetric();
        boolean pruned = !w.weight().format().dense();
        int subblocks = group.subblocks().size();
        for (int first = 0, piece = firstPiece; first < subblocks; first += together, piece++) {
            int end = Math.min(subblocks, first + together);
            int encoded = mine.forms.at(0, piece);
            TwoSegmentKernel.sum(planes, at, group, first, end, !pruned, mine.forms.form(), encoded, mine.masks);
            short all = pruned ? 0 : quantized.total(0, piece);
            long levels = at + group.levels();
            SumFold.twoSegments(
                    mine.masks.sums, pruned, all, planes, levels, symmetric, scale(0, piece), mine.sums, to);
        }
    }

    /// The same for a format with two masks, and up to [Masks#UNITS] units that follow each other: they share the loads
    /// of tables.
    private void simple(
            PackedLinear w, Group group, int together, long at, int units, int firstPiece, Scratch mine, int to) {
        int subblocks = group.subblocks().size();
        for (int first = 0, piece = 0; first < subblocks; first += together, piece++) {
            int end = Math.min(subblocks, first + together);
            for (int u = 0; u < units; u++) {
                masks(w, at + (long) u * group.bytes(), group, first, end, 2 * u, mine);
            }
            int quads = order.quads(firstPiece + piece);
            SubsetSums.pad(mine.masks.raw, 2 * units, quads);
            for (int row = 0; row < rows; row++) {
                SubsetSums.quads(
                        mine.masks, 0, 2 * units, quads, mine.forms.form(), mine.forms.at(row, firstPiece + piece));
                for (int u = 0; u < units; u++) {
                    SumFold.oneSegment(
                            mine.masks.raw,
                            Masks.raw(2 * u),
                            w.weight().planes(),
                            at + (long) u * group.bytes() + group.levels(),
                            w.weight().format().symmetric(),
                            scale(row, firstPiece + piece),
                            mine.sums,
                            to + (u * rows + row) * ROWS);
                }
            }
        }
    }

    /// Piece `piece` of the row, whose activations begin at `from` of the group's.
    private void tile(PackedLinear w, int piece, int from, Scratch mine, int to) {
        mine.tile.weights(w.weight(), order, piece, mine.masks, mine.levels.factors());
        int row = 0;
        for (; row + 1 < rows; row += 2) {
            float next = scale(row + 1, piece);
            mine.tile.multiply(row, from, scale(row, piece), next, mine.sums, to + row * ROWS);
        }
        if (row < rows) {
            mine.tile.multiply(row, from, scale(row, piece), mine.sums, to + row * ROWS);
        }
    }

    private float scale(int row, int piece) {
        return quantized.scale(row, order.run(piece));
    }

    /// The masks of a unit's subblocks `first` to before `end`, from mask `mask` on.
    private static void masks(PackedLinear w, long unit, Group group, int first, int end, int mask, Scratch mine) {
        int firstSlot = group.subblocks().get(first).firstSlot();
        for (int i = first; i < end; i++) {
            Subblock subblock = group.subblocks().get(i);
            int slot = subblock.firstSlot() - firstSlot;
            mine.maker.make(w.weight().format(), w.weight().planes(), unit, subblock, slot, mask, mine.masks);
        }
    }

    private static void count(PackedFormat format, int quads, Scratch mine, int at) {
        int ordinary = MaskRules.ordinary(format);
        SubsetSums.sum(mine.masks, 0, ordinary, quads, mine.forms.form(), at);
        if (format.salient()) {
            SubsetSums.sum(mine.masks, ordinary, MaskRules.salient(format), quads, mine.forms.salientForm(), at);
        }
    }

    private void finish(PackedLinear w, int unit, Scratch mine, int sums, HostMatrix to) {
        int first = unit * ROWS;
        int valid = Math.min(ROWS, w.outputs() - first);
        for (int row = 0; row < rows; row++) {
            int at = (firstRow + row) * w.outputs() + first;
            ordered(mine.sums, sums + row * ROWS, w, first, valid, to.data, at);
            if (w.bias() != null) {
                for (int i = 0; i < valid; i++) {
                    to.data[at + i] += w.bias().data[first + i];
                }
            }
        }
    }

    private static void ordered(float[] sums, int from, PackedLinear w, int first, int valid, float[] out, int to) {
        if (valid == ROWS) {
            RowOrder.restore(sums, from, w.steps(), first, out, to);
            return;
        }
        for (int i = 0; i < valid; i++) {
            out[to + i] = sums[from + RowOrder.place(i)] * w.step(first + i);
        }
    }
}
