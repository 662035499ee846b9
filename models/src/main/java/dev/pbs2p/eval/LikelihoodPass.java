package dev.pbs2p.eval;

import dev.pbs2p.generate.Model;
import dev.pbs2p.kernel.Backend;
import dev.pbs2p.kernel.KvCache;
import dev.pbs2p.kernel.Matrix;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;

/// Scores the continuations of several questions side by side. What all continuations of a question begin with is read
/// once; after that its first continuation, its second, and so on.
///
/// Sequences of a pass have equal length: the shorter ones are filled up, and what was filled in is cut off the cache
/// again.
final class LikelihoodPass {

    private final Model model;
    private final LogitRows logits;
    private final List<List<Continuation>> questions;
    private final int[] shared;
    private final List<List<Likelihood>> results = new ArrayList<>();

    /// @param questions the continuations of each; their [#width] must fit the model's context
    LikelihoodPass(Model model, LogitRows logits, List<List<Continuation>> questions) {
        this.model = model;
        this.logits = logits;
        this.questions = questions;
        this.shared = questions.stream().mapToInt(LikelihoodPass::shared).toArray();
        questions.forEach(_ -> results.add(new ArrayList<>()));
    }

    /// Positions of the cache that each of these questions needs when they are scored side by side.
    static int width(List<List<Continuation>> questions) {
        return longest(questions, LikelihoodPass::shared) + longest(questions, LikelihoodPass::rest);
    }

    private static <T> int longest(List<T> items, ToIntFunction<T> length) {
        return items.stream().mapToInt(length).max().orElseThrow();
    }

    /// Tokens that all continuations of a question begin with, before the first scored position.
    private static int shared(List<Continuation> question) {
        int[] first = question.getFirst().ids();
        int common = first.length;
        for (Continuation other : question) {
            int differs = Arrays.mismatch(first, other.ids());
            common = Math.min(common, Math.min(differs < 0 ? common : differs, other.first()));
        }
        return common;
    }

    /// The most tokens that a continuation of a question has after the shared ones.
    private static int rest(List<Continuation> question) {
        return longest(question, Continuation::inputs) - shared(question);
    }

    /// The likelihoods of each question's continuations.
    List<List<Likelihood>> run() {
        try (KvCache cache = model.cache(questions.size(), width(questions))) {
            readShared(cache);
            for (int choice = 0; choice < longest(questions, List::size); choice++) {
                score(choice, cache);
            }
            return results;
        }
    }

    private void readShared(KvCache cache) {
        int longest = longest(questions, LikelihoodPass::shared);
        if (longest == 0) {
            return;
        }
        int[] ids = new int[shared.length * longest];
        for (int s = 0; s < shared.length; s++) {
            System.arraycopy(questions.get(s).getFirst().ids(), 0, ids, s * longest, shared[s]);
        }
        try (Backend.Scope _ = model.backend().scope()) {
            model.forward(ids, cache);
        }
        cutToShared(cache);
    }

    /// Reads and scores the continuation of that number of every question; of those with fewer, the last one again.
    private void score(int choice, KvCache cache) {
        List<Continuation> asked = questions.stream()
                .map(question -> question.get(Math.min(choice, question.size() - 1)))
                .toList();
        int longest = IntStream.range(0, shared.length)
                .map(s -> asked.get(s).inputs() - shared[s])
                .max()
                .orElseThrow();
        int[] ids = new int[shared.length * longest];
        IntStream.Builder rows = IntStream.builder();
        IntStream.Builder targets = IntStream.builder();
        for (int s = 0; s < shared.length; s++) {
            Continuation continuation = asked.get(s);
            int count = continuation.inputs() - shared[s];
            System.arraycopy(continuation.ids(), shared[s], ids, s * longest, count);
            for (int at = continuation.first(); at < continuation.inputs(); at++) {
                rows.add(s * longest + at - shared[s]);
                targets.add(continuation.ids()[at + 1]);
            }
        }
        Likelihood[] tokens =
                tokens(ids, rows.build().toArray(), targets.build().toArray(), cache);
        cutToShared(cache);
        int from = 0;
        for (int s = 0; s < shared.length; s++) {
            int to = from + asked.get(s).scored();
            if (choice < questions.get(s).size()) {
                results.get(s).add(Arrays.stream(tokens, from, to).reduce(Likelihood.NONE, Likelihood::and));
            }
            from = to;
        }
    }

    /// The likelihood of each target by itself.
    private Likelihood[] tokens(int[] ids, int[] rows, int[] targets, KvCache cache) {
        int vocabulary = model.vocabulary();
        Likelihood[] tokens = new Likelihood[rows.length];
        try (Backend.Scope _ = model.backend().scope()) {
            Matrix hidden = model.forward(ids, cache);
            logits.show(List.of(hidden), rows, (i, values, at) -> {
                double log = values[0][at + targets[i]] - Softmax.logSum(values[0], at, vocabulary);
                boolean likeliest = Softmax.top(values[0], at, vocabulary) == targets[i];
                tokens[i] = new Likelihood(log, likeliest, 1);
            });
        }
        return tokens;
    }

    private void cutToShared(KvCache cache) {
        for (int s = 0; s < shared.length; s++) {
            cache.truncate(s, shared[s]);
        }
    }
}
