package dev.pbs2p.compress;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pbs2p.compress.BitAllocation.Candidate;
import dev.pbs2p.tensor.PackedFormat;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class BitAllocationTest {

    private static final PackedFormat ANY = new PackedFormat(8, 16, true, 128, 1, false, false);

    @Test
    void comesCloseToTheBestOfAllChoices() {
        Random random = new Random(3);
        double found = 0;
        double optimal = 0;
        for (int trial = 0; trial < 300; trial++) {
            List<List<Candidate>> linears = random(5, 6, random);
            long least = linears.stream().mapToLong(BitAllocationTest::smallest).sum();
            long budget = least + random.nextInt(3000);
            List<Candidate> chosen = BitAllocation.choose(linears, budget);
            assertTrue(bytes(chosen) <= budget);
            double best = bruteForce(linears, 0, budget);
            assertTrue(damage(chosen) >= best * (1 - 1e-12));
            found += damage(chosen);
            optimal += best;
        }
        assertTrue(found <= 1.01 * optimal, "damage " + found + ", at best " + optimal);
    }

    /// The linears of a model of 32 blocks, and the formats of the catalogue: the budget is used to 1 %.
    @Test
    void hitsTheSizeOfAModel() {
        int[][] shapes = {
            {4096, 4096}, {4096, 4096}, {4096, 4096}, {4096, 4096}, {11008, 4096}, {11008, 4096}, {4096, 11008}
        };
        Random random = new Random(4);
        List<List<Candidate>> linears = new ArrayList<>();
        long weights = 0;
        for (int block = 0; block < 32; block++) {
            for (int[] shape : shapes) {
                double sensitivity = Math.exp(random.nextGaussian());
                List<Candidate> candidates = new ArrayList<>();
                for (PackedFormat format : CandidateFormats.all()) {
                    long bytes = CandidateFormats.bytes(format, shape[0], shape[1]);
                    double bits = 8.0 * bytes / shape[0] / shape[1];
                    candidates.add(new Candidate(format, bytes, sensitivity * Math.pow(4, -bits)));
                }
                linears.add(candidates);
                weights += (long) shape[0] * shape[1];
            }
        }
        for (double bits : new double[] {1.4, 1.56, 1.75, 2.06, 2.13, 2.38, 2.69, 3.06, 3.4}) {
            long budget = (long) (weights * bits / 8);
            long bytes = bytes(BitAllocation.choose(linears, budget));
            assertTrue(bytes <= budget && bytes >= 0.99 * budget, bits + " bits: " + 8.0 * bytes / weights);
        }
    }

    @Test
    void givesMoreBitsToWhatIsMoreSensitive() {
        Candidate small = new Candidate(ANY, 100, 1);
        Candidate large = new Candidate(ANY, 200, 0.1);
        Candidate smallSensitive = new Candidate(ANY, 100, 10);
        Candidate largeSensitive = new Candidate(ANY, 200, 1);
        List<List<Candidate>> linears = List.of(List.of(small, large), List.of(largeSensitive, smallSensitive));
        assertEquals(List.of(small, largeSensitive), BitAllocation.choose(linears, 300));
        assertEquals(List.of(small, largeSensitive), BitAllocation.choose(linears, 399));
        assertEquals(List.of(large, largeSensitive), BitAllocation.choose(linears, 400));
    }

    @Test
    void hullLeavesOutWhatIsNeverWorthIt() {
        Candidate a = new Candidate(ANY, 100, 10);
        Candidate above = new Candidate(ANY, 150, 8);
        Candidate b = new Candidate(ANY, 200, 2);
        Candidate worse = new Candidate(ANY, 250, 3);
        Candidate c = new Candidate(ANY, 300, 1);
        assertEquals(List.of(a, b, c), BitAllocation.hull(List.of(c, worse, above, b, a)));
    }

    @Test
    void refusesABudgetThatIsTooSmall() {
        List<List<Candidate>> linears = List.of(List.of(new Candidate(ANY, 100, 1)));
        assertThrows(IllegalArgumentException.class, () -> BitAllocation.choose(linears, 99));
    }

    private static List<List<Candidate>> random(int count, int candidates, Random random) {
        List<List<Candidate>> linears = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            List<Candidate> own = new ArrayList<>();
            double sensitivity = Math.exp(random.nextGaussian());
            for (int k = 0; k < candidates; k++) {
                long bytes = 100 + random.nextInt(1000);
                double noise = Math.exp(0.3 * random.nextGaussian());
                own.add(new Candidate(ANY, bytes, sensitivity * noise * Math.exp(-bytes / 300.0)));
            }
            linears.add(own);
        }
        return linears;
    }

    private static long smallest(List<Candidate> candidates) {
        return candidates.stream().mapToLong(Candidate::bytes).min().orElseThrow();
    }

    private static long bytes(List<Candidate> chosen) {
        return chosen.stream().mapToLong(Candidate::bytes).sum();
    }

    private static double damage(List<Candidate> chosen) {
        return chosen.stream().mapToDouble(Candidate::damage).sum();
    }

    private static double bruteForce(List<List<Candidate>> linears, int from, long budget) {
        if (from == linears.size()) {
            return 0;
        }
        double best = Double.POSITIVE_INFINITY;
        for (Candidate candidate : linears.get(from)) {
            if (candidate.bytes() <= budget) {
                best = Math.min(best, candidate.damage() + bruteForce(linears, from + 1, budget - candidate.bytes()));
            }
        }
        return best;
    }
}
