package dev.pbs2p.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ProgressLineTest {

    private static final long SECOND = 1_000_000_000L;

    private final StringWriter text = new StringWriter();
    private final AtomicLong now = new AtomicLong(5 * SECOND);

    private ProgressLine line(boolean terminal) {
        return new ProgressLine(new PrintWriter(text), terminal, now::get);
    }

    @Test
    void rewritesOneLineOfATerminalAndRemovesItAtTheEnd() {
        try (ProgressLine line = line(true)) {
            line.update("window", 0, 10, "");
            now.addAndGet(SECOND / 100);
            line.update("window", 1, 10, "shown too soon after the first");
            now.addAndGet(2 * SECOND - SECOND / 100);
            line.update("window", 2, 10, "ppl 30.7");
        }
        assertEquals("\rwindow 0/10\033[K\rwindow 2/10  8 s left  ppl 30.7\033[K\r\033[K", text.toString());
    }

    @Test
    void printsNowAndThenWhereThereIsNoTerminal() {
        try (ProgressLine line = line(false)) {
            for (int i = 0; i <= 60; i++) {
                line.update("block", i, 60, "");
                now.addAndGet(SECOND);
            }
        }
        assertEquals("""
                block 15/60  45 s left
                block 30/60  30 s left
                block 45/60  15 s left
                block 60/60  0 s left
                """, text.toString());
    }

    @Test
    void timeLeftIsThatOfTheStage() {
        try (ProgressLine line = line(true)) {
            line.update("reading", 0, 4, "");
            now.addAndGet(100 * SECOND);
            line.update("writing", 0, 4, "");
            now.addAndGet(SECOND);
            line.update("writing", 1, 4, "");
        }
        assertEquals("\rreading 0/4\033[K\rwriting 0/4\033[K\rwriting 1/4  3 s left\033[K\r\033[K", text.toString());
    }

    /// What an earlier run did took none of this run's time.
    @Test
    void timeLeftOfAResumedStageCountsItsOwnSteps() {
        try (ProgressLine line = line(true)) {
            line.update("tuning", 50, 60, "");
            now.addAndGet(2 * SECOND);
            line.update("tuning", 52, 60, "");
        }
        assertEquals("\rtuning 50/60\033[K\rtuning 52/60  8 s left\033[K\r\033[K", text.toString());
    }

    @Test
    void cutsWhatDoesNotFitATerminal() {
        try (ProgressLine line = line(true)) {
            line.update("block", 0, 1, "x".repeat(100));
        }
        assertEquals(79, text.toString().indexOf('\033') - 1);
    }
}
