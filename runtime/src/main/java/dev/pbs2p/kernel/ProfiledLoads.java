package dev.pbs2p.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;

/// Has the JVM see loads of vectors from a segment before it compiles a kernel.
///
/// Kernels are compiled early. If what the vector library calls for such a load has no profile by then, the compiler
/// does
/// not know the segment's class and leaves a virtual call in the kernel's loop, with vectors as objects around it; and
/// as
/// nothing is wrong with that code, it is never compiled again. One launch in six ran at a fifth of its speed.
final class ProfiledLoads {

    /// Enough for a profile, which takes 15 milliseconds.
    private static final int LOADS = 3000;

    private ProfiledLoads() {}

    static void run() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(Species.TABLE.length());
            int sum = 0;
            for (int i = 0; i < LOADS; i++) {
                sum += ByteVector.fromMemorySegment(Species.TABLE, memory, 0, ByteOrder.LITTLE_ENDIAN)
                        .lane(0);
            }
            if (sum != 0) { // never: it keeps the loop from being optimised away
                throw new IllegalStateException("zeroed memory is not zero");
            }
        }
    }
}
