package dev.pbs2p.compress;

import dev.pbs2p.tensor.PackedFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What to make of a model, and from how much calibration.
///
/// @param method how codes are chosen
/// @param format how every linear is coded; with `coarse`, N varies around `format.n()` from block to block
/// @param coarse whether blocks that change their input little are pruned more (the paper's coarse stage)
/// @param windows calibration windows
/// @param window tokens of a calibration window; cut to the model's context
/// @param seed of everything random
/// @param threads of everything that runs in parallel
/// @param tuning of levels and norms; absent: over the whole model where the original and the compressed one fit into
///     memory together, else block by block
/// @param bits real bits a weight that all linears may take together, each in a format of its own; absent: all take
///     `format`
/// @param byteTables whether embeddings and head are stored in 8 bits instead of 16
public record CompressOptions(
        Method method,
        PackedFormat format,
        boolean coarse,
        int windows,
        int window,
        long seed,
        int threads,
        @Nullable TuningPlan tuning,
        @Nullable Double bits,
        boolean byteTables) {

    /// Under what the calibration is noted among the settings.
    static final String CALIBRATION = "calibration";

    /// A preset under the name that users and files know it by.
    public record Method(String name, Preset preset) {}

    public CompressOptions {
        if (windows < 1 || window < 2) {
            throw new IllegalArgumentException(
                    "calibration needs at least 1 window of 2 tokens, not " + windows + " windows of " + window);
        }
        if (threads < 1) {
            throw new IllegalArgumentException("the number of threads must be at least 1, not " + threads);
        }
    }

    /// The paper's pipeline with its coarse stage, 128 windows of 2048 tokens, seed 0, on all cores.
    public static CompressOptions paper(PackedFormat format) {
        Method method = new Method("paper", new PaperPreset());
        return new CompressOptions(
                method, format, !format.dense(), 128, 2048, 0, cores(), TuningPlan.NONE, null, false);
    }

    /// The tuned family's codes, not tuned yet, the same N in every block, 128 windows of 2048 tokens, seed 0, on all
    /// cores.
    public static CompressOptions best(PackedFormat format) {
        return new CompressOptions(
                new Method("best", new BestPreset()),
                format,
                false,
                128,
                2048,
                0,
                cores(),
                TuningPlan.NONE,
                null,
                true);
    }

    private static int cores() {
        return Runtime.getRuntime().availableProcessors();
    }

    /// The same with other calibration.
    public CompressOptions withCalibration(int windows, int window, long seed) {
        return new CompressOptions(method, format, coarse, windows, window, seed, threads, tuning, bits, byteTables);
    }

    /// The same on other threads; for a given number of them, results are always the same.
    public CompressOptions withThreads(int threads) {
        return new CompressOptions(method, format, coarse, windows, window, seed, threads, tuning, bits, byteTables);
    }

    /// The same, tuned.
    ///
    /// @throws IllegalArgumentException if the format has salient columns, whose levels are not tuned
    public CompressOptions withTuning(@Nullable TuningPlan plan) {
        if ((plan == null || plan.any()) && format.salient()) {
            throw new IllegalArgumentException("levels of salient columns are not tuned: compress without them");
        }
        return new CompressOptions(method, format, coarse, windows, window, seed, threads, plan, bits, byteTables);
    }

    /// The same within a budget of real bits a weight, for which every linear gets its own format.
    public CompressOptions withBits(double bits) {
        return new CompressOptions(method, format, coarse, windows, window, seed, threads, tuning, bits, byteTables);
    }

    /// The same with embeddings and head in 8 bits or in 16.
    public CompressOptions withByteTables(boolean byteTables) {
        return new CompressOptions(method, format, coarse, windows, window, seed, threads, tuning, bits, byteTables);
    }

    /// Whether a weight is stored in 8 bits: a table of vocabulary size, where those are.
    boolean inBytes(String name) {
        return byteTables && (name.endsWith("embed_tokens.weight") || name.endsWith("lm_head.weight"));
    }

    /// Everything that the result depends on, by name.
    Map<String, String> describe() {
        Map<String, String> text = new LinkedHashMap<>();
        text.put("preset", method.name());
        if (bits != null) {
            text.put("bits", "" + bits);
        } else {
            text.put("format", format.describe());
            text.put("coarse", "" + coarse);
        }
        text.put("embeddings and head", byteTables ? "8 bits" : "16 bits");
        text.put("windows", "" + windows);
        text.put("window", "" + window);
        text.put("seed", "" + seed);
        if (tuning != null && tuning.any()) {
            text.put("tuning", tuning.toString());
        }
        return text;
    }
}
