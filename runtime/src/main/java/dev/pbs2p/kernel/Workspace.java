package dev.pbs2p.kernel;

import java.util.ArrayList;
import java.util.List;

/// Gives out matrices and takes them back when scopes close, so that a repeated token step allocates none.
///
/// A matrix goes back under its shape and is handed out again for the same shape. When the outermost scope closes, free
/// matrices that it did not use are dropped: a long prompt leaves nothing behind after the next token.
final class Workspace {

    private final List<HostMatrix> live = new ArrayList<>();
    private final List<HostMatrix> free = new ArrayList<>();
    /// How many of `free`, at its begin, were left unused by the outermost scope so far.
    private int stale;

    private final List<Level> levels = new ArrayList<>();
    private int depth;

    /// A matrix of unspecified content, given back when the innermost open scope closes; outside every scope it is the
    /// caller's.
    HostMatrix take(int rows, int cols) {
        if (depth == 0) {
            return new HostMatrix(rows, cols, new float[Math.multiplyExact(rows, cols)]);
        }
        HostMatrix found = reuse(rows, cols);
        live.add(found);
        return found;
    }

    private HostMatrix reuse(int rows, int cols) {
        for (int i = free.size() - 1; i >= 0; i--) {
            HostMatrix candidate = free.get(i);
            if (candidate.rows() == rows && candidate.cols() == cols) {
                free.remove(i);
                if (i < stale) {
                    stale--;
                }
                return candidate;
            }
        }
        return new HostMatrix(rows, cols, new float[Math.multiplyExact(rows, cols)]);
    }

    Backend.Scope open() {
        if (depth == levels.size()) {
            levels.add(new Level(depth));
        }
        if (depth == 0) {
            stale = free.size();
        }
        Level level = levels.get(depth++);
        level.begin = live.size();
        return level;
    }

    private final class Level implements Backend.Scope {

        private final int number;
        private int begin;

        Level(int number) {
            this.number = number;
        }

        @Override
        public Matrix keep(Matrix x) {
            if (depth != number + 1) {
                throw new IllegalStateException("only the innermost scope can keep a matrix");
            }
            for (int i = live.size() - 1; i >= begin; i--) {
                if (live.get(i) == x) {
                    if (number == 0) {
                        live.remove(i);
                    } else {
                        live.set(i, live.get(begin));
                        live.set(begin++, (HostMatrix) x);
                    }
                    return x;
                }
            }
            throw new IllegalArgumentException("the matrix to keep was not made in this scope");
        }

        @Override
        public void close() {
            if (depth != number + 1) {
                throw new IllegalStateException("scopes close from the innermost outwards, each once");
            }
            depth--;
            while (live.size() > begin) {
                free.add(live.removeLast());
            }
            if (depth == 0) {
                free.subList(0, stale).clear();
            }
        }
    }
}
