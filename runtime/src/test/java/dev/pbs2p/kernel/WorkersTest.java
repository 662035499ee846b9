package dev.pbs2p.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WorkersTest {

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5})
    void everyPartRunsOnceAndIsDoneWhenRunReturns(int threads) {
        try (Workers workers = new Workers(threads)) {
            for (int round = 0; round < 2000; round++) {
                int parts = round % 17;
                AtomicIntegerArray runs = new AtomicIntegerArray(17);
                workers.run((part, worker) -> runs.incrementAndGet(part), parts);
                for (int part = 0; part < 17; part++) {
                    assertEquals(part < parts ? 1 : 0, runs.get(part));
                }
            }
        }
    }

    /// Parts are added by whichever part sees an idle thread, in tasks that follow each other without a pause.
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5})
    void partsAddedOnTheWayRunOnceToo(int threads) {
        try (Workers workers = new Workers(threads)) {
            Object lock = new Object();
            AtomicInteger added = new AtomicInteger();
            for (int round = 0; round < 20_000; round++) {
                int parts = 2 + round % 4;
                AtomicIntegerArray runs = new AtomicIntegerArray(16);
                added.set(0);
                workers.run(
                        (part, worker) -> {
                            runs.incrementAndGet(part);
                            for (int i = 0; i < 50; i++) {
                                synchronized (lock) {
                                    if (added.get() < 16 - parts && workers.idle()) {
                                        added.incrementAndGet();
                                        workers.add();
                                    }
                                }
                            }
                        },
                        parts);
                int all = parts + added.get();
                for (int part = 0; part < 16; part++) {
                    assertEquals(part < all ? 1 : 0, runs.get(part), "round " + round + ", part " + part);
                }
                assertFalse(workers.idle());
            }
        }
    }

    @Test
    void threadsThatRunTogetherHaveDifferentNumbers() {
        try (Workers workers = new Workers(3)) {
            AtomicIntegerArray busy = new AtomicIntegerArray(3);
            AtomicIntegerArray clashes = new AtomicIntegerArray(1);
            workers.run(
                    (part, worker) -> {
                        if (busy.getAndIncrement(worker) != 0) {
                            clashes.incrementAndGet(0);
                        }
                        Thread.onSpinWait();
                        busy.decrementAndGet(worker);
                    },
                    10_000);
            assertEquals(0, clashes.get(0));
        }
    }

    @Test
    void threadsWakeUpAfterARest() throws InterruptedException {
        try (Workers workers = new Workers(3)) {
            for (int round = 0; round < 5; round++) {
                AtomicIntegerArray runs = new AtomicIntegerArray(1);
                workers.run((part, worker) -> runs.incrementAndGet(0), 100);
                assertEquals(100, runs.get(0));
                Thread.sleep(20);
            }
        }
    }

    @Test
    void aFailureReachesTheCallerAndLeavesThePoolUsable() {
        try (Workers workers = new Workers(2)) {
            var e = assertThrows(
                    IllegalStateException.class,
                    () -> workers.run(
                            (part, worker) -> {
                                if (part == 3) {
                                    throw new ArithmeticException("part 3");
                                }
                            },
                            8));
            assertTrue(e.getCause() instanceof ArithmeticException);
            AtomicIntegerArray runs = new AtomicIntegerArray(1);
            workers.run((part, worker) -> runs.incrementAndGet(0), 8);
            assertEquals(8, runs.get(0));
        }
    }
}
