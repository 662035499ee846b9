package dev.pbs2p.generate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

final class BatchGeneratorTest {

    private static final BooleanSupplier NEVER = () -> false;
    private static final SamplingOptions NOISE = new SamplingOptions(1.1f, 0.9f, 20, 0.95f, 0.01f, 3);

    private final ToyModel model = new ToyModel(200);

    private static List<int[]> prompts(long seed, int... lengths) {
        SplittableRandom random = new SplittableRandom(seed);
        List<int[]> prompts = new ArrayList<>();
        for (int length : lengths) {
            prompts.add(random.ints(length, 0, ToyModel.VOCABULARY).toArray());
        }
        return prompts;
    }

    /// What [Generator] makes of each prompt alone.
    private List<Generation> oneByOne(List<int[]> prompts, Set<Integer> stops, int limit) {
        List<Generation> all = new ArrayList<>();
        for (int i = 0; i < prompts.size(); i++) {
            Generator generator = new Generator(model);
            all.add(generator.generate(prompts.get(i), NOISE.withSeed(NOISE.seed() + i), stops, limit, _ -> {}, NEVER));
        }
        return all;
    }

    private void compare(List<int[]> prompts, Set<Integer> stops, int limit) {
        List<Generation> expected = oneByOne(prompts, stops, limit);
        List<Generation> actual = BatchGenerator.generate(model, prompts, NOISE, stops, limit, NEVER);
        for (int i = 0; i < expected.size(); i++) {
            assertEquals(expected.get(i).tokens(), actual.get(i).tokens(), "prompt " + i);
            assertEquals(expected.get(i).end(), actual.get(i).end(), "prompt " + i);
        }
    }

    @Test
    void promptsOfAllLengthsGiveWhatTheyGiveAlone() {
        compare(prompts(1, 5), Set.of(), 10);
        compare(prompts(2, 1, 64, 65, 3, 130, 128, 63), Set.of(), 25);
        compare(prompts(3, 7, 7, 7), Set.of(), 0);
    }

    @Test
    void textsEndOneByOne() {
        compare(prompts(4, 3, 30, 90, 1, 2, 12), Set.of(1, 2, 3, 4, 5), 60);
        compare(prompts(5, 3, 199, 200, 150), Set.of(7), -1); // some at the end of the context
    }

    @Test
    void interruptsEndWhatIsOpen() {
        int[] asked = {0};
        List<Generation> stopped =
                BatchGenerator.generate(model, prompts(6, 3, 100), NOISE, Set.of(), 50, () -> ++asked[0] > 6);
        assertEquals(Generation.End.INTERRUPTED, stopped.get(0).end());
        List<Generation> whole = oneByOne(prompts(6, 3, 100), Set.of(), 50);
        for (int i = 0; i < 2; i++) {
            int count = stopped.get(i).tokens().size();
            assertTrue(count > 0 && count < 50);
            assertEquals(whole.get(i).tokens().subList(0, count), stopped.get(i).tokens());
        }
        List<Generation> none = BatchGenerator.generate(model, prompts(6, 3, 100), NOISE, Set.of(), 5, () -> true);
        assertEquals(List.of(), none.get(1).tokens());
    }

    @Test
    void unusablePromptsAreRefused() {
        assertThrows(
                IllegalArgumentException.class,
                () -> BatchGenerator.generate(model, List.of(), NOISE, Set.of(), 1, NEVER));
        assertThrows(
                IllegalArgumentException.class,
                () -> BatchGenerator.generate(model, prompts(1, 3, 0), NOISE, Set.of(), 1, NEVER));
    }
}
