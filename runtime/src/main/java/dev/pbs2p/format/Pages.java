package dev.pbs2p.format;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/// Memory straight from the system, in pages of a chosen size: the processor keeps track of few pages at a time, so
/// large ones can be read faster. Linux alone has the choice.
public enum Pages {
    /// 4 KB, as files are mapped.
    SMALL(15),
    /// 2 MB where the system finds them (transparent huge pages).
    HUGE(14);

    private static final Path STATE = Path.of("/sys/kernel/mm/transparent_hugepage/enabled");

    private static final long HUGE_BYTES = 2L << 20;
    private static final int READ_WRITE = 3;
    private static final int PRIVATE_ANONYMOUS = 0x22;
    private static final long FAILED = -1;

    private final int advice; // MADV_NOHUGEPAGE, MADV_HUGEPAGE

    Pages(int advice) {
        this.advice = advice;
    }

    /// Why this machine has no choice of pages, as a clause; empty if it has.
    public static Optional<String> obstacle() {
        try {
            return Files.readString(STATE).contains("[never]")
                    ? Optional.of("the system's transparent huge pages are switched off (" + STATE + ")")
                    : Optional.empty();
        } catch (IOException e) {
            return Optional.of("only Linux with transparent huge pages has them");
        }
    }

    /// Zeroed memory in pages of this size, given back when `arena` closes. Nothing is taken from the system before it
    /// is touched.
    ///
    /// @throws IllegalStateException if there is an [#obstacle()] or not enough memory
    @SuppressWarnings("restricted") // the sizes come from the calls themselves
    public MemorySegment allocate(long bytes, Arena arena) {
        obstacle().ifPresent(why -> {
            throw new IllegalStateException("memory cannot be had in pages of a chosen size: " + why);
        });
        long mapped = Math.addExact(bytes, HUGE_BYTES); // room to begin at a huge page
        try {
            MemorySegment found = (MemorySegment)
                    Calls.MMAP.invokeExact(MemorySegment.NULL, mapped, READ_WRITE, PRIVATE_ANONYMOUS, -1, 0L);
            if (found.address() == FAILED) {
                throw new IllegalStateException("the system has not " + bytes + " bytes of memory left");
            }
            MemorySegment memory = found.reinterpret(mapped, arena, Pages::release);
            // Advice: where it is refused, the memory is as good, only slower.
            int _ = (int) Calls.MADVISE.invokeExact(memory, mapped, advice);
            return memory.asSlice(Math.floorMod(-memory.address(), HUGE_BYTES), bytes);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e); // the calls throw nothing
        }
    }

    private static void release(MemorySegment memory) {
        try {
            int _ = (int) Calls.MUNMAP.invokeExact(memory, memory.byteSize());
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    /// Linked when first needed.
    @SuppressWarnings("restricted") // native code is what this class is for
    private static final class Calls {
        private static final MethodHandle MMAP = handle(
                "mmap", FunctionDescriptor.of(ADDRESS, ADDRESS, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
        private static final MethodHandle MADVISE =
                handle("madvise", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));
        private static final MethodHandle MUNMAP =
                handle("munmap", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG));

        private static MethodHandle handle(String name, FunctionDescriptor descriptor) {
            Linker linker = Linker.nativeLinker();
            return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), descriptor);
        }
    }
}
