package dev.pbs2p.kernel;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/// Brings memory into the first-level cache before it is needed, on Linux with an x86-64 processor.
///
/// The processor does so by itself, but not far enough ahead where threads share the memory's bandwidth, or where long
/// work on one unit lies between its reading and the next one's. A load ahead of its use is no help: what follows waits
/// for it. The instruction that only asks for a line cannot be had from Java, so a function that consists of it is
/// written into executable memory, as the JVM's compiler does with all of its code, and called.
final class Prefetch {

    /// `void lines(const char *from, const char *end)`: asks for all lines of 64 bytes, and up to three behind them. An
    /// address without memory is no error.
    private static final String CODE = """
            0f 18 0f                prefetcht0 [rdi]
            0f 18 4f 40             prefetcht0 [rdi + 64]
            0f 18 8f 80 00 00 00    prefetcht0 [rdi + 128]
            0f 18 8f c0 00 00 00    prefetcht0 [rdi + 192]
            48 81 c7 00 01 00 00    add rdi, 256
            48 39 f7                cmp rdi, rsi
            72 df                   jb to the first
            c3                      ret
            """;

    private static final int READ_WRITE = 3;
    private static final int READ_EXECUTE = 5;
    private static final int PRIVATE_ANONYMOUS = 0x22;
    private static final long FAILED = -1;

    private static final boolean SUPPORTED = System.getProperty("os.name").equals("Linux")
            && System.getProperty("os.arch").equals("amd64")
            && Prefetch.class.getModule().isNativeAccessEnabled();

    private Prefetch() {}

    /// Whether there is a way to in principle; where there is none, [#lines] does nothing.
    static boolean supported() {
        return SUPPORTED;
    }

    /// Whether it does something: also where supported, the system may refuse executable memory.
    static boolean linked() {
        return SUPPORTED && Function.LINES != null;
    }

    /// Asks for `bytes` bytes from address `from` on, which need not be valid.
    static void lines(long from, long bytes) {
        MethodHandle lines = SUPPORTED ? Function.LINES : null;
        if (lines == null) {
            return;
        }
        try {
            lines.invokeExact(from, from + bytes);
        } catch (Throwable e) {
            throw new IllegalStateException(e); // it throws nothing
        }
    }

    /// Linked when first needed.
    @SuppressWarnings("restricted") // native code is what this class is for
    private static final class Function {

        private static final @Nullable MethodHandle LINES = link();

        /// The function, or null if the system has no executable memory for us.
        private static @Nullable MethodHandle link() {
            byte[] code = HexFormat.of().parseHex(CODE.replaceAll("    .*|\\s", ""));
            Linker linker = Linker.nativeLinker();
            MethodHandle mmap = linker.downcallHandle(
                    linker.defaultLookup().findOrThrow("mmap"),
                    FunctionDescriptor.of(ADDRESS, ADDRESS, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
            MethodHandle mprotect = linker.downcallHandle(
                    linker.defaultLookup().findOrThrow("mprotect"),
                    FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));
            try {
                long bytes = code.length; // the system makes it a page
                MemorySegment memory = (MemorySegment)
                        mmap.invokeExact(MemorySegment.NULL, bytes, READ_WRITE, PRIVATE_ANONYMOUS, -1, 0L);
                if (memory.address() == FAILED) {
                    return null;
                }
                memory = memory.reinterpret(bytes);
                MemorySegment.copy(code, 0, memory, ValueLayout.JAVA_BYTE, 0, code.length);
                if ((int) mprotect.invokeExact(memory, bytes, READ_EXECUTE) != 0) {
                    return null;
                }
                return linker.downcallHandle(
                        memory, FunctionDescriptor.ofVoid(JAVA_LONG, JAVA_LONG), Linker.Option.critical(false));
            } catch (RuntimeException | Error e) {
                throw e;
            } catch (Throwable e) {
                throw new IllegalStateException(e); // the calls throw nothing
            }
        }
    }
}
