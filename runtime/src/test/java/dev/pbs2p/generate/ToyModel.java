package dev.pbs2p.generate;

import dev.pbs2p.kernel.Backend;
import dev.pbs2p.kernel.KvCache;
import dev.pbs2p.kernel.Matrix;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/// A model without weights: its logits are noise drawn from a hash of all tokens so far, so any token that is missing,
/// doubled or out of place in the cache changes what comes next.
final class ToyModel implements Model {

    static final int VOCABULARY = 50;

    private final int context;
    int passes;
    int tokensRead;

    ToyModel(int context) {
        this.context = context;
    }

    private record Rows(long[] hash) implements Matrix {
        @Override
        public int rows() {
            return hash.length;
        }

        @Override
        public int cols() {
            return 1;
        }
    }

    private static final class Cache implements KvCache {
        final int[][] tokens;
        final int[] length;

        Cache(int sequences, int capacity) {
            tokens = new int[sequences][capacity];
            length = new int[sequences];
        }

        @Override
        public int sequences() {
            return length.length;
        }

        @Override
        public int length(int sequence) {
            return length[sequence];
        }

        @Override
        public int capacity() {
            return tokens[0].length;
        }

        @Override
        public void advance(int count) {
            Arrays.setAll(length, s -> length[s] + count);
        }

        @Override
        public void truncate(int sequence, int newLength) {
            if (newLength > length[sequence]) {
                throw new IllegalArgumentException("nothing to cut");
            }
            length[sequence] = newLength;
        }

        @Override
        public void close() {}
    }

    /// The logits after a sequence of tokens.
    static float[] logits(long hash) {
        SplittableRandom random = new SplittableRandom(hash);
        float[] logits = new float[VOCABULARY];
        for (int i = 0; i < VOCABULARY; i++) {
            logits[i] = (float) (8 * random.nextDouble() - 4);
        }
        return logits;
    }

    @Override
    public Backend backend() {
        return (Backend) Proxy.newProxyInstance(
                Backend.class.getClassLoader(),
                new Class<?>[] {Backend.class},
                (_, method, args) -> switch (method.getName()) {
                    case "scope" ->
                        Proxy.newProxyInstance(
                                Backend.class.getClassLoader(),
                                new Class<?>[] {Backend.Scope.class},
                                (_, what, kept) -> what.getName().equals("keep") ? kept[0] : null);
                    case "rows" ->
                        new Rows(Arrays.stream((int[]) args[1])
                                .mapToLong(r -> ((Rows) args[0]).hash[r])
                                .toArray());
                    case "readRow" -> {
                        float[] row = logits(((Rows) args[0]).hash[(int) args[1]]);
                        System.arraycopy(row, 0, (float[]) args[2], 0, VOCABULARY);
                        yield null;
                    }
                    default -> throw new UnsupportedOperationException(method.getName());
                });
    }

    @Override
    public int vocabulary() {
        return VOCABULARY;
    }

    @Override
    public int context() {
        return context;
    }

    @Override
    public int blocks() {
        return 1;
    }

    @Override
    public List<String> linears(int block) {
        return List.of();
    }

    @Override
    public List<String> vectors(int block) {
        return List.of();
    }

    @Override
    public KvCache cache(int sequences, int capacity) {
        return new Cache(sequences, capacity);
    }

    @Override
    public Matrix embed(int[] ids, KvCache cache) {
        Cache c = (Cache) cache;
        int each = ids.length / c.sequences();
        long[] hash = new long[ids.length];
        for (int s = 0; s < c.sequences(); s++) {
            System.arraycopy(ids, s * each, c.tokens[s], c.length[s], each);
            for (int t = 0; t < each; t++) {
                hash[s * each + t] = Arrays.hashCode(Arrays.copyOf(c.tokens[s], c.length[s] + t + 1));
            }
        }
        passes++;
        tokensRead += each;
        return new Rows(hash);
    }

    @Override
    public Matrix block(int block, Matrix x, KvCache cache) {
        return x;
    }

    @Override
    public Matrix logits(Matrix x) {
        return x;
    }

    @Override
    public void close() {}
}
