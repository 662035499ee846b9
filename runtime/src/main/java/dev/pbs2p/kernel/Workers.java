package dev.pbs2p.kernel;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// A fixed pool of threads that share out the parts of one task at a time; the calling thread is one of them. A part
/// may leave some of its work to another one, added on the way, when a thread has nothing left to do.
///
/// Idle threads spin for a short while, since the next task of a token follows within microseconds, then park. A task's
/// caller waits for its parts, not for sleeping threads to wake. One thread at a time may call [#run].
final class Workers implements AutoCloseable {

    /// Something that falls into parts which can run in any order on any thread.
    interface Task {

        /// Runs one part.
        ///
        /// @param worker a number below [Workers#threads()], different for threads that run at the same time
        void run(int part, int worker);
    }

    private static final int SPINS = 20_000;
    /// The low half of a ticket, and more parts than any task has.
    private static final long PART = (1L << 32) - 1;
    private static final VarHandle TICKET;
    private static final VarHandle PENDING;
    private static final VarHandle PARTS;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            TICKET = lookup.findVarHandle(Workers.class, "ticket", long.class);
            PENDING = lookup.findVarHandle(Workers.class, "pending", int.class);
            PARTS = lookup.findVarHandle(Workers.class, "parts", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Helper[] helpers;

    private @Nullable Task task;
    private volatile int parts;
    private volatile @Nullable Throwable failure;
    /// Low half: the next part to take. High half: the task's number, so that a late thread cannot take from a later
    /// task what it saw in an earlier one.
    private volatile long ticket;
    /// Parts not yet finished.
    private volatile int pending;
    private volatile boolean closed;

    /// @param threads at least 1, the caller included
    Workers(int threads) {
        if (threads < 1) {
            throw new IllegalArgumentException("at least one thread is needed, not " + threads);
        }
        helpers = new Helper[threads - 1];
        for (int i = 0; i < helpers.length; i++) {
            helpers[i] = new Helper(i + 1);
            helpers[i].start();
        }
    }

    int threads() {
        return helpers.length + 1;
    }

    /// Runs all parts and returns when they are done; throws what a part threw.
    void run(Task work, int count) {
        if (helpers.length == 0 || count == 1) {
            for (int part = 0; part < count; part++) {
                work.run(part, 0);
            }
            return;
        }
        // Closed while the task changes: whoever sees its parts must not take them by the ticket of the one before.
        long first = ((ticket >>> 32) + 1) << 32;
        ticket = first | PART;
        task = work;
        failure = null;
        pending = count;
        parts = count;
        ticket = first;
        for (int i = 0; i < Math.min(helpers.length, count - 1); i++) {
            if (helpers[i].asleep) {
                LockSupport.unpark(helpers[i]);
            }
        }
        for (int spins = 0; pending != 0; spins++) {
            if (runPart(0)) {
                spins = 0;
            } else if (spins < SPINS) {
                Thread.onSpinWait();
            } else {
                LockSupport.parkNanos(this, 10_000);
            }
        }
        task = null;
        if (failure != null) {
            throw new IllegalStateException("a part of a parallel task failed", failure);
        }
    }

    /// Whether a thread has nothing to do while parts of a task are at work.
    boolean idle() {
        int working = pending;
        return working > 0 && working < threads() && (ticket & PART) >= parts;
    }

    /// Adds a part to the task at hand, whose number follows the last one's. Only a part may do so, and one at a time.
    void add() {
        PENDING.getAndAdd(this, 1);
        PARTS.getAndAdd(this, 1);
    }

    /// Takes and runs one part; false if none is left.
    private boolean runPart(int worker) {
        long seen = ticket;
        if ((seen & PART) >= parts) {
            return false;
        }
        if (!TICKET.compareAndSet(this, seen, seen + 1)) {
            return true;
        }
        try {
            Task mine = task;
            if (mine != null) {
                mine.run((int) (seen & PART), worker);
            }
        } catch (Throwable e) {
            failure = e;
        } finally {
            PENDING.getAndAdd(this, -1);
        }
        return true;
    }

    @Override
    public void close() {
        closed = true;
        for (Helper helper : helpers) {
            LockSupport.unpark(helper);
        }
    }

    private final class Helper extends Thread {

        private final int worker;
        private volatile boolean asleep;

        Helper(int worker) {
            super("pbs2p-kernel-" + worker);
            setDaemon(true);
            this.worker = worker;
        }

        @Override
        public void run() {
            int spins = 0;
            while (!closed) {
                if (runPart(worker)) {
                    spins = 0;
                } else if (spins++ < SPINS) {
                    Thread.onSpinWait();
                } else {
                    sleep();
                    spins = 0;
                }
            }
        }

        private void sleep() {
            asleep = true;
            while ((ticket & PART) >= parts && !closed) {
                LockSupport.park(Workers.this);
            }
            asleep = false;
        }
    }
}
