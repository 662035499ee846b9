package dev.pbs2p.generate;

import dev.pbs2p.kernel.Backend;
import dev.pbs2p.kernel.KvCache;
import dev.pbs2p.kernel.Matrix;
import java.util.Arrays;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.IntConsumer;

/// Continues a prompt token by token. Keys and values stay cached between calls: what a prompt shares with the
/// conversation so far is not read again. Prints nothing; for one thread.
public final class Generator implements AutoCloseable {

    /// Tokens of a prompt that are read in one pass; between passes the reading can be stopped.
    private static final int CHUNK = 64;

    private final Model model;
    private final KvCache cache;
    private final float[] logits;
    private int[] held = new int[64]; // the tokens in the cache
    private int length;

    /// A generator with room for the model's whole context.
    public Generator(Model model) {
        this(model, model.context());
    }

    /// @param context most tokens of a conversation, at most the model's own
    public Generator(Model model, int context) {
        if (context < 1 || context > model.context()) {
            throw new IllegalArgumentException(
                    "the context must be 1 to " + model.context() + " tokens, not " + context);
        }
        this.model = model;
        this.cache = model.cache(1, context);
        this.logits = new float[model.vocabulary()];
    }

    /// Most tokens of a conversation, prompt included.
    public int context() {
        return cache.capacity();
    }

    /// Generates until a stop token, `limit` tokens, the end of the context, or until `interrupt` says so, which is
    /// asked before every pass of the model.
    ///
    /// @param prompt all tokens of the conversation so far, at least one
    /// @param stops tokens that end the text; the one that does is neither given to `onToken` nor counted
    /// @param limit most tokens to generate; negative for as many as fit
    /// @param onToken takes each token as soon as it is known
    /// @throws IllegalArgumentException if the prompt is empty, leaves no room in the context or has unknown ids
    public Generation generate(
            int[] prompt,
            SamplingOptions options,
            Set<Integer> stops,
            int limit,
            IntConsumer onToken,
            BooleanSupplier interrupt) {
        Run.check(prompt, model.vocabulary(), cache.capacity());
        Run run = new Run(prompt, keepPrefix(prompt));
        if (!read(prompt, interrupt)) {
            return run.end(Generation.End.INTERRUPTED);
        }
        Sampler sampler = new Sampler(options);
        while (run.generated() != limit) {
            int id = sampler.sample(logits, run.tokens, run.size);
            if (stops.contains(id)) {
                return run.end(Generation.End.STOP_TOKEN);
            }
            run.add(id);
            onToken.accept(id);
            if (length == cache.capacity()) {
                return run.end(Generation.End.CONTEXT);
            }
            if (interrupt.getAsBoolean()) {
                return run.end(Generation.End.INTERRUPTED);
            }
            if (run.generated() != limit) {
                forward(new int[] {id}, true);
            }
        }
        return run.end(Generation.End.LIMIT);
    }

    /// Forgets the conversation.
    public void reset() {
        length = 0;
        cache.truncate(0, 0);
    }

    @Override
    public void close() {
        cache.close();
    }

    /// Cuts the cache to what it shares with the prompt; the last token is read again, for its logits.
    private int keepPrefix(int[] prompt) {
        int common = Arrays.mismatch(held, 0, length, prompt, 0, prompt.length);
        length = Math.min(common < 0 ? length : common, prompt.length - 1);
        cache.truncate(0, length);
        return length;
    }

    /// Reads what the cache does not hold yet; false if interrupted.
    private boolean read(int[] prompt, BooleanSupplier interrupt) {
        while (length < prompt.length) {
            if (interrupt.getAsBoolean()) {
                return false;
            }
            int end = Math.min(prompt.length, length + CHUNK);
            forward(Arrays.copyOfRange(prompt, length, end), end == prompt.length);
        }
        return true;
    }

    /// Runs the model on the next tokens; leaves the logits of the last one where they are wanted.
    private void forward(int[] ids, boolean wanted) {
        Backend backend = model.backend();
        try (Backend.Scope _ = backend.scope()) {
            Matrix hidden = model.forward(ids, cache);
            if (wanted) {
                Matrix last = backend.rows(hidden, new int[] {ids.length - 1});
                backend.readRow(model.logits(last), 0, logits);
            }
        }
        if (length + ids.length > held.length) {
            held = Arrays.copyOf(held, Math.max(2 * held.length, length + ids.length));
        }
        System.arraycopy(ids, 0, held, length, ids.length);
        length += ids.length;
    }
}
