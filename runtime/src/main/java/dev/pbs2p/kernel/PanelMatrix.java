package dev.pbs2p.kernel;

/// A small matrix in panels of [#PANEL] columns that lie row by row, so that kernels go from row to row in constant
/// steps. Subclasses choose how a number is stored.
abstract sealed class PanelMatrix permits FloatMatrix, HalfMatrix {

    static final int PANEL = 16;

    private final int rows;

    PanelMatrix(int rows) {
        this.rows = rows;
    }

    /// Panels that hold so many columns.
    static int panels(int cols) {
        return (cols + PANEL - 1) / PANEL;
    }

    private int at(int row, int col) {
        return (col / PANEL * rows + row) * PANEL + col % PANEL;
    }

    final float get(int row, int col) {
        return load(at(row, col));
    }

    /// Sets row `row` to `cols` values of x from `from` on.
    final void setRow(int row, float[] x, int from, int cols) {
        for (int c = 0; c < cols; c += PANEL) {
            store(x, from + c, Math.min(PANEL, cols - c), at(row, c), 1);
        }
    }

    /// Sets column `col` to values of x from `from` on.
    final void setColumn(int col, float[] x, int from) {
        store(x, from, rows, at(0, col), PANEL);
    }

    /// Copies the first `count` rows of the first `panels`, each panel to where it lies here.
    final void copy(int count, int panels, float[] to) {
        if (count == rows) {
            load(0, panels * rows * PANEL, to);
        } else {
            for (int panel = 0; panel < panels; panel++) {
                load(panel * rows * PANEL, count * PANEL, to);
            }
        }
    }

    abstract float load(int at);

    /// Loads `count` numbers that lie at `at` to the same place in `to`.
    abstract void load(int at, int count, float[] to);

    /// Stores `count` values of x from `from` on at `at`, `at + step`, …
    abstract void store(float[] x, int from, int count, int at, int step);
}
