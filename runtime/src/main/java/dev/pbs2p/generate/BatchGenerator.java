package dev.pbs2p.generate;

import dev.pbs2p.kernel.Backend;
import dev.pbs2p.kernel.KvCache;
import dev.pbs2p.kernel.Matrix;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// Continues several prompts side by side: one pass over the weights serves them all. Gives the texts that
/// [Generator] would give one by one, up to the rounding of a backend that orders its sums by the number of rows.
public final class BatchGenerator {

    private static final int CHUNK = 64;

    private final Model model;
    private final List<int[]> prompts;
    private final SamplingOptions options;
    private final Set<Integer> stops;
    private final int limit;
    private final List<Run> runs = new ArrayList<>();
    private final List<Sampler> samplers = new ArrayList<>();
    private final @Nullable Generation[] ended;
    private final float[][] logits;

    private BatchGenerator(Model model, List<int[]> prompts, SamplingOptions options, Set<Integer> stops, int limit) {
        this.model = model;
        this.prompts = prompts;
        this.options = options;
        this.stops = stops;
        this.limit = limit;
        this.ended = new Generation[prompts.size()];
        this.logits = new float[prompts.size()][model.vocabulary()];
    }

    /// Continues each prompt until a stop token, `limit` tokens, the end of the context, or until `interrupt` says so.
    ///
    /// @param options prompt i is sampled with the seed plus i
    /// @param limit most tokens of each text; negative for as many as fit
    /// @throws IllegalArgumentException if there is no prompt, or one is empty, does not fit or has unknown ids
    public static List<Generation> generate(
            Model model,
            List<int[]> prompts,
            SamplingOptions options,
            Set<Integer> stops,
            int limit,
            BooleanSupplier interrupt) {
        if (prompts.isEmpty()) {
            throw new IllegalArgumentException("there are no prompts: give at least one");
        }
        prompts.forEach(prompt -> Run.check(prompt, model.vocabulary(), model.context()));
        return new BatchGenerator(model, prompts, options, stops, limit).run(interrupt);
    }

    private List<Generation> run(BooleanSupplier interrupt) {
        int longest = prompts.stream().mapToInt(prompt -> prompt.length).max().orElseThrow();
        int context = limit < 0 ? model.context() : (int) Math.min(model.context(), longest + (long) limit);
        try (KvCache cache = model.cache(prompts.size(), context)) {
            for (int s = 0; s < prompts.size(); s++) {
                runs.add(new Run(prompts.get(s), 0));
                samplers.add(new Sampler(options.withSeed(options.seed() + s)));
            }
            boolean goesOn = read(longest, cache, interrupt);
            while (goesOn) {
                int[] next = choose(cache.capacity());
                goesOn = Arrays.asList(ended).contains(null) && !interrupt.getAsBoolean();
                if (goesOn) {
                    forward(next, cache);
                }
            }
            for (int s = 0; s < ended.length; s++) {
                int sequence = s;
                ended[s] = Optional.ofNullable(ended[s])
                        .orElseGet(() -> runs.get(sequence).end(Generation.End.INTERRUPTED));
            }
            return List.of(ended);
        }
    }

    /// Reads the prompts, the shorter ones filled up: what follows a token does not change it, and is cut off again.
    private boolean read(int longest, KvCache cache, BooleanSupplier interrupt) {
        for (int from = 0; from < longest; from += CHUNK) {
            if (interrupt.getAsBoolean()) {
                return false;
            }
            int count = Math.min(CHUNK, longest - from);
            int[] ids = new int[prompts.size() * count];
            List<Integer> last = new ArrayList<>(); // sequences whose prompt ends here
            for (int s = 0; s < prompts.size(); s++) {
                int[] prompt = prompts.get(s);
                System.arraycopy(
                        prompt,
                        Math.min(from, prompt.length),
                        ids,
                        s * count,
                        Math.clamp(prompt.length - from, 0, count));
                if (prompt.length > from && prompt.length <= from + count) {
                    last.add(s);
                }
            }
            int start = from;
            pass(ids, cache, last, s -> s * count + prompts.get(s).length - 1 - start);
        }
        for (int s = 0; s < prompts.size(); s++) {
            cache.truncate(s, prompts.get(s).length);
        }
        return true;
    }

    /// Chooses the next token of every text that goes on.
    private int[] choose(int capacity) {
        int[] next = new int[prompts.size()];
        for (int s = 0; s < next.length; s++) {
            Run run = runs.get(s);
            if (ended[s] != null) {
                continue;
            }
            if (run.generated() == limit) {
                ended[s] = run.end(Generation.End.LIMIT);
                continue;
            }
            next[s] = samplers.get(s).sample(logits[s], run.tokens, run.size);
            if (stops.contains(next[s])) {
                ended[s] = run.end(Generation.End.STOP_TOKEN);
                continue;
            }
            run.add(next[s]);
            if (run.generated() == limit) {
                ended[s] = run.end(Generation.End.LIMIT);
            } else if (run.size > capacity) {
                ended[s] = run.end(Generation.End.CONTEXT);
            }
        }
        return next;
    }

    private void forward(int[] next, KvCache cache) {
        List<Integer> going = new ArrayList<>();
        for (int s = 0; s < next.length; s++) {
            if (ended[s] == null) {
                going.add(s);
            } else {
                cache.truncate(s, 0); // it takes part, but needs no room
            }
        }
        pass(next, cache, going, s -> s);
    }

    private interface RowOf {
        int row(int sequence);
    }

    /// Runs the model on the next tokens of all sequences; leaves the logits of one row of those in `wanted`.
    private void pass(int[] ids, KvCache cache, List<Integer> wanted, RowOf rowOf) {
        Backend backend = model.backend();
        try (Backend.Scope _ = backend.scope()) {
            Matrix hidden = model.forward(ids, cache);
            if (wanted.isEmpty()) {
                return;
            }
            int[] rows = wanted.stream().mapToInt(rowOf::row).toArray();
            Matrix scores = model.logits(backend.rows(hidden, rows));
            for (int i = 0; i < rows.length; i++) {
                backend.readRow(scores, i, logits[wanted.get(i)]);
            }
        }
    }
}
