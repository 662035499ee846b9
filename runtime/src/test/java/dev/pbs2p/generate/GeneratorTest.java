package dev.pbs2p.generate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class GeneratorTest {

    private static final BooleanSupplier NEVER = () -> false;
    private static final SamplingOptions NOISE = new SamplingOptions(1.1f, 0.9f, 20, 0.95f, 0.01f, 3);

    private final ToyModel model = new ToyModel(400);
    private final Generator generator = new Generator(model);

    /// The definition: the whole text is hashed anew for each token.
    private static List<Integer> expected(int[] prompt, SamplingOptions options, int count) {
        Sampler sampler = new Sampler(options);
        int[] tokens = Arrays.copyOf(prompt, prompt.length + count);
        for (int n = prompt.length; n < tokens.length; n++) {
            tokens[n] = sampler.sample(ToyModel.logits(Arrays.hashCode(Arrays.copyOf(tokens, n))), tokens, n);
        }
        return Arrays.stream(tokens, prompt.length, tokens.length).boxed().toList();
    }

    private static int[] prompt(int length) {
        return IntStream.range(0, length).map(i -> i * i % ToyModel.VOCABULARY).toArray();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 63, 64, 65, 127, 128, 129, 300})
    void everyPromptLengthGivesTheDefinedTokens(int length) {
        List<Integer> streamed = new ArrayList<>();
        Generation generation = generator.generate(prompt(length), NOISE, Set.of(), 20, streamed::add, NEVER);
        assertEquals(expected(prompt(length), NOISE, 20), generation.tokens());
        assertEquals(generation.tokens(), streamed);
        assertEquals(Generation.End.LIMIT, generation.end());
        assertEquals(length, generation.readTokens());
        assertEquals(length + 19, model.tokensRead);
    }

    @Test
    void laterTurnsReadOnlyWhatIsNew() {
        int[] first = prompt(100);
        List<Integer> answer =
                generator.generate(first, NOISE, Set.of(), 10, _ -> {}, NEVER).tokens();
        int[] second = IntStream.concat(
                        IntStream.concat(Arrays.stream(first), answer.stream().mapToInt(Integer::intValue)),
                        IntStream.of(1, 2, 3))
                .toArray();
        Generation turn = generator.generate(second, NOISE, Set.of(), 10, _ -> {}, NEVER);
        assertEquals(109, turn.reusedTokens()); // the answer's last token was never read
        assertEquals(4, turn.readTokens());
        assertEquals(expected(second, NOISE, 10), turn.tokens());

        // The same prompt again, a prefix of it, one that differs in the middle, and a new one.
        int[] other = second.clone();
        other[50]++;
        for (int[] prompt : List.of(second, Arrays.copyOf(second, 70), other, new int[] {9})) {
            assertEquals(
                    expected(prompt, NOISE, 10),
                    generator
                            .generate(prompt, NOISE, Set.of(), 10, _ -> {}, NEVER)
                            .tokens());
        }
        generator.reset();
        assertEquals(
                0,
                generator.generate(second, NOISE, Set.of(), 1, _ -> {}, NEVER).reusedTokens());
    }

    @Test
    void stopTokensEndTheTextAndAreNotPartOfIt() {
        List<Integer> all = expected(prompt(5), NOISE, 30);
        int stop = all.get(12);
        int at = all.indexOf(stop);
        Generation generation = generator.generate(prompt(5), NOISE, Set.of(stop), 30, _ -> {}, NEVER);
        assertEquals(all.subList(0, at), generation.tokens());
        assertEquals(Generation.End.STOP_TOKEN, generation.end());
    }

    @Test
    void theContextEndsTheText() {
        Generator small = new Generator(model, 70);
        Generation generation = small.generate(prompt(66), NOISE, Set.of(), -1, _ -> {}, NEVER);
        assertEquals(expected(prompt(66), NOISE, 5), generation.tokens());
        assertEquals(Generation.End.CONTEXT, generation.end());
        assertEquals(
                1,
                small.generate(prompt(70), NOISE, Set.of(), -1, _ -> {}, NEVER)
                        .tokens()
                        .size());
    }

    @Test
    void interruptsActBetweenTokensAndBetweenChunksOfThePrompt() {
        List<Integer> tokens = new ArrayList<>();
        Generation stopped = generator.generate(prompt(5), NOISE, Set.of(), 30, tokens::add, () -> tokens.size() == 7);
        assertEquals(expected(prompt(5), NOISE, 7), stopped.tokens());
        assertEquals(Generation.End.INTERRUPTED, stopped.end());

        generator.reset();
        model.passes = 0;
        Generation early = generator.generate(prompt(300), NOISE, Set.of(), 30, _ -> {}, () -> model.passes == 2);
        assertEquals(List.of(), early.tokens());
        assertEquals(2, model.passes);
        // What was read stays, and the rest follows.
        Generation resumed = generator.generate(prompt(300), NOISE, Set.of(), 3, _ -> {}, NEVER);
        assertTrue(resumed.reusedTokens() > 0 && resumed.reusedTokens() < 300);
        assertEquals(expected(prompt(300), NOISE, 3), resumed.tokens());
    }

    @Test
    void zeroTokensAreNone() {
        Generation none = generator.generate(prompt(5), NOISE, Set.of(), 0, _ -> {}, NEVER);
        assertEquals(List.of(), none.tokens());
        assertEquals(Generation.End.LIMIT, none.end());
        assertEquals(0, none.tokensPerSecond());
    }

    @Test
    void unusablePromptsAreRefused() {
        for (int[] prompt : List.of(new int[0], new int[401], new int[] {1, 50}, new int[] {-1})) {
            assertThrows(
                    IllegalArgumentException.class,
                    () -> generator.generate(prompt, NOISE, Set.of(), 1, _ -> {}, NEVER));
        }
        assertThrows(IllegalArgumentException.class, () -> new Generator(model, 401));
    }
}
