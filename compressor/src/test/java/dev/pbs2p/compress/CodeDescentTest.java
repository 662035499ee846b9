package dev.pbs2p.compress;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pbs2p.tensor.PackedFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// No step of the search raises the error or breaks N:M, and what it finds is close to the best there is.
class CodeDescentTest {

    record Case(PackedFormat format, int width) {}

    static Stream<Case> cases() {
        PackedFormat halfStrided = new PackedFormat(8, 16, true, 128, 1, false, false);
        return Stream.of(
                new Case(halfStrided, 128),
                new Case(halfStrided, 77),
                new Case(halfStrided, 5),
                new Case(new PackedFormat(6, 16, true, 256, 1, true, false), 256),
                new Case(new PackedFormat(6, 8, true, 64, 2, false, false), 64),
                new Case(new PackedFormat(4, 8, false, 128, 3, true, false), 100),
                new Case(new PackedFormat(2, 4, false, 32, 2, false, false), 32),
                new Case(new PackedFormat(16, 16, true, 128, 2, false, false), 128),
                new Case(new PackedFormat(16, 16, true, 128, 4, true, false), 41));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void noStepRaisesTheErrorOrBreaksNm(Case c) {
        Random random = new Random(7);
        for (int trial = 0; trial < 20; trial++) {
            RowProblem problem = RowProblem.random(c.format(), c.width(), random);
            RowGroup row = problem.start();
            CodeDescent descent = new CodeDescent(problem.metric, problem.sets);
            JointLevels joint = new JointLevels(
                    problem.metric, 2 * c.format().segments(), c.format().symmetric());
            double error = problem.error(row);
            List<Runnable> steps =
                    List.of(() -> descent.descend(row), () -> descent.swap(row, 2), () -> joint.refit(row));
            for (int round = 0; round < 4; round++) {
                for (Runnable step : steps) {
                    step.run();
                    double now = problem.error(row);
                    // The pull is kept in float32: a step may be judged by terms that are wrong by some ulps of it.
                    assertTrue(now <= error * (1 + 1e-5), "rose from " + error + " to " + now);
                    error = now;
                    problem.assertConsistent(row);
                }
            }
        }
    }

    /// With the levels given, the best codes of 8 columns can be found by trying all of them.
    @Test
    void descentWithSwapsComesCloseToTheOptimum() {
        PackedFormat format = new PackedFormat(2, 4, false, 32, 1, false, false);
        Random random = new Random(11);
        double found = 0;
        double optimal = 0;
        for (int trial = 0; trial < 400; trial++) {
            RowProblem problem = RowProblem.random(format, 8, random);
            RowGroup row = problem.start();
            double best = problem.bruteForce(row);
            problem.search(row, 10);
            double error = problem.error(row);
            assertTrue(error >= best * (1 - 1e-5));
            found += error / best;
            optimal++;
        }
        assertTrue(found <= 1.05 * optimal, "mean ratio to the optimum " + found / optimal);
    }

    @Test
    void descentStopsWhereNoSingleChangeHelps() {
        RowProblem problem = RowProblem.random(new PackedFormat(8, 16, true, 128, 1, false, false), 128, new Random(3));
        RowGroup row = problem.start();
        CodeDescent descent = new CodeDescent(problem.metric, problem.sets);
        int passes = 0;
        while (descent.descend(row) + descent.swap(row, 2) > 0) {
            passes++;
            assertTrue(passes < 100);
        }
        double error = problem.error(row);
        assertEquals(0, descent.descend(row));
        assertEquals(error, problem.error(row));
    }
}
