package dev.pbs2p.kernel;

import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Causal attention in SIMD; a part is the queries of a few tokens that read one key head.
final class AttentionTask implements Workers.Task {

    /// Queries of a part, unless more heads than that share their keys.
    private static final int QUERIES = 16;

    private final Workers workers;
    /// A thread's room to compute in.
    private final AttentionPart[] rooms;

    private float[] q = new float[0];
    private float[] out = q;
    private int layer;
    private int tokens; // of a sequence
    private int tokensPerPart;
    private int partsPerHead;
    private @Nullable AttentionShape shape;
    private @Nullable HostKvCache cache;

    AttentionTask(Workers workers) {
        this.workers = workers;
        this.rooms =
                Stream.generate(AttentionPart::new).limit(workers.threads()).toArray(AttentionPart[]::new);
    }

    /// Attends for all tokens of `queries`, whose keys and values the cache holds already.
    void run(AttentionShape sizes, HostMatrix queries, int layerNumber, HostKvCache past, HostMatrix to) {
        q = queries.data;
        out = to.data;
        layer = layerNumber;
        tokens = past.tokens(queries.rows());
        tokensPerPart = Math.max(1, QUERIES / sizes.sharing());
        partsPerHead = (tokens + tokensPerPart - 1) / tokensPerPart;
        shape = sizes;
        cache = past;
        workers.run(this, past.sequences() * sizes.kvHeads() * partsPerHead);
    }

    @Override
    public void run(int part, int worker) {
        AttentionShape sizes = Objects.requireNonNull(shape);
        HostKvCache past = Objects.requireNonNull(cache);
        int sequence = part / partsPerHead / sizes.kvHeads();
        int kvHead = part / partsPerHead % sizes.kvHeads();
        int first = part % partsPerHead * tokensPerPart;
        int count = Math.min(tokensPerPart, tokens - first);
        AttentionPart room = rooms[worker];
        room.queries(sizes, kvHead, sequence * tokens + first, past.length(sequence) + first, count);
        room.attend(q, past.blocks(layer, sequence), out);
    }
}
