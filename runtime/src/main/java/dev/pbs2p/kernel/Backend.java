package dev.pbs2p.kernel;

import dev.pbs2p.tensor.Tensor;
import dev.pbs2p.tensor.Weight;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The dozen operations a model needs. [ScalarBackend] defines each in plain loops; every other backend is tested
/// against it on the same bits.
///
/// Operations are functional: they read their arguments and return a new matrix, which lives until the innermost open
/// [Scope] closes. A batch's rows are tokens: `cache.sequences()` runs of equal length, one sequence after another.
public interface Backend extends AutoCloseable {

    /// `scalar`, `vector`, `torch` or `cuda`.
    String name();

    /// One line for people: which kernels run, on how many threads, and why.
    String description();

    /// Threads it computes on, the caller's included; work between its operations should take no more.
    int threads();

    /// For one that begins with plain loops, since its kernels still have to be compiled: a second backend that begins
    /// with those kernels, on one thread. Who runs it in the background has them compiled by the time this one goes
    /// over to them, for which it then takes longer. Empty for others.
    default Optional<Backend> warmUp() {
        return Optional.empty();
    }

    /// Holds a weight (rows = outputs, cols = inputs), as stored; nothing is expanded that a kernel can read directly.
    Linear linear(String name, Weight weight, @Nullable Tensor bias);

    /// Holds a parameter vector (a norm's gain or bias) as a 1 × n matrix.
    Matrix vector(String name, Tensor values);

    /// Room for `capacity` tokens of `sequences` sequences in `layers` layers of `kvCols` key (and value) columns each.
    KvCache cache(int sequences, int layers, int kvCols, int capacity);

    /// A cache for whole windows: all tokens of a sequence come in one pass and nothing is remembered.
    KvCache window(int sequences);

    /// Matrices made while it is open are given back when it closes.
    Scope scope();

    /// Values from outside, row-major.
    Matrix matrix(float[] values, int rows, int cols);

    /// All values, row-major.
    float[] read(Matrix x);

    /// Copies one row into `out`.
    void readRow(Matrix x, int row, float[] out);

    /// Rows `ids` of a table: ids.length × table.inputs().
    Matrix embed(Linear table, int[] ids);

    /// x·Wᵀ (+ bias): x.rows() × w.outputs(). Packed weights meet activations quantised to 8 bits in every group of 128
    /// columns (algorithm.md; exact integers until the levels); dense weights meet float32.
    Matrix matmul(Matrix x, Linear w);

    /// The product of x with each of several linears, such as those of queries, keys and values.
    default List<Matrix> matmul(Matrix x, List<Linear> ws) {
        Matrix[] products = new Matrix[ws.size()];
        for (int i = 0; i < products.length; i++) {
            products[i] = matmul(x, ws.get(i));
        }
        return List.of(products);
    }

    /// a + b, of equal shape.
    Matrix add(Matrix a, Matrix b);

    /// x · gain / sqrt(mean(x²) + eps), row by row.
    Matrix rmsNorm(Matrix x, Matrix gain, float eps);

    /// (x − mean) / sqrt(variance + eps) · gain + bias, row by row.
    Matrix layerNorm(Matrix x, Matrix gain, Matrix bias, float eps);

    /// Rotary position embedding, half-split form: in each head of 2·frequencies.length columns, the pair (i, i + half)
    /// turns by position·frequencies[i]; positions follow from `cache`.
    Matrix rope(Matrix x, float[] frequencies, KvCache cache);

    /// Causal attention with softmax(q·k / sqrt(head size)); appends k and v to `cache` (unless it is a window).
    /// q has heads·headSize columns, k and v kvHeads·headSize; query head h reads key head h / (heads / kvHeads).
    ///
    /// @param span how many positions back a token may look, itself included; `Integer.MAX_VALUE` for all
    Matrix attention(Matrix q, Matrix k, Matrix v, int heads, int kvHeads, int layer, int span, KvCache cache);

    /// silu(gate) · up.
    Matrix swiglu(Matrix gate, Matrix up);

    /// max(x, 0).
    Matrix relu(Matrix x);

    /// The chosen rows of x, in that order.
    Matrix rows(Matrix x, int[] which);

    @Override
    void close();

    /// Ends the life of the matrices made since it was opened. Scopes nest; the innermost closes first.
    interface Scope extends AutoCloseable {

        /// Lets a matrix made while this scope is the innermost outlive it: it then belongs to the scope around it.
        ///
        /// @return `x`
        Matrix keep(Matrix x);

        @Override
        void close();
    }
}
