package dev.pbs2p.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// Asks the CUDA driver, if there is one, what it is and which GPUs it sees; computes nothing on them.
@SuppressWarnings("restricted") // calling native code is what this class is for
public final class DriverProbe {

    private static final int NAME_BYTES = 256;
    private static final int COMPUTE_CAPABILITY_MAJOR = 75;
    private static final int COMPUTE_CAPABILITY_MINOR = 76;

    private final SymbolLookup library;
    private final Arena arena;

    private DriverProbe(SymbolLookup library, Arena arena) {
        this.library = library;
        this.arena = arena;
    }

    /// The state of this machine's CUDA driver; never throws.
    public static CudaStatus probe() {
        boolean windows =
                System.getProperty("os.name", "").toLowerCase(Locale.ROOT).startsWith("windows");
        return probe(windows ? "nvcuda.dll" : "libcuda.so.1");
    }

    /// The same for a library of that name.
    static CudaStatus probe(String name) {
        try (Arena arena = Arena.ofConfined()) {
            SymbolLookup library = SymbolLookup.libraryLookup(name, arena);
            return new DriverProbe(library, arena).ask();
        } catch (DriverException e) {
            return new CudaStatus.Absent("the CUDA driver (" + name + ") " + e.getMessage());
        } catch (IllegalArgumentException e) {
            return new CudaStatus.Absent("no CUDA driver (" + name + " not found)");
        } catch (RuntimeException | LinkageError e) { // whatever a broken driver or an odd platform brings is an answer
            return new CudaStatus.Absent("the CUDA driver (" + name + ") cannot be used: " + e);
        }
    }

    private CudaStatus ask() {
        call("cuInit", 0);
        MemorySegment number = arena.allocate(JAVA_INT);
        call("cuDriverGetVersion", number);
        int version = number.get(JAVA_INT, 0); // 1000 * major + 10 * minor
        call("cuDeviceGetCount", number);
        int count = number.get(JAVA_INT, 0);
        List<CudaStatus.Device> devices = new ArrayList<>();
        for (int ordinal = 0; ordinal < count; ordinal++) {
            devices.add(device(ordinal));
        }
        return new CudaStatus.Found(version / 1000 + "." + version % 1000 / 10, devices);
    }

    private CudaStatus.Device device(int ordinal) {
        MemorySegment handle = arena.allocate(JAVA_INT);
        call("cuDeviceGet", handle, ordinal);
        int device = handle.get(JAVA_INT, 0);
        MemorySegment name = arena.allocate(NAME_BYTES);
        call("cuDeviceGetName", name, NAME_BYTES, device);
        MemorySegment memory = arena.allocate(JAVA_LONG);
        call("cuDeviceTotalMem_v2", memory, device);
        return new CudaStatus.Device(
                name.getString(0),
                attribute(device, COMPUTE_CAPABILITY_MAJOR),
                attribute(device, COMPUTE_CAPABILITY_MINOR),
                memory.get(JAVA_LONG, 0));
    }

    private int attribute(int device, int attribute) {
        MemorySegment value = arena.allocate(JAVA_INT);
        call("cuDeviceGetAttribute", value, attribute, device);
        return value.get(JAVA_INT, 0);
    }

    /// Calls a driver function of pointers and ints; every one returns 0 or an error code.
    private void call(String function, Object... arguments) {
        MemorySegment address = library.find(function).orElseThrow(() -> new DriverException("has no " + function));
        MemoryLayout[] layouts = new MemoryLayout[arguments.length];
        for (int i = 0; i < arguments.length; i++) {
            layouts[i] = arguments[i] instanceof MemorySegment ? ADDRESS : JAVA_INT;
        }
        int result;
        try {
            result = (int) Linker.nativeLinker()
                    .downcallHandle(address, FunctionDescriptor.of(JAVA_INT, layouts))
                    .invokeWithArguments(arguments);
        } catch (Throwable e) {
            throw new DriverException("cannot be called: " + e);
        }
        if (result != 0) {
            throw new DriverException("answers " + function + " with error " + result);
        }
    }

    private static final class DriverException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        DriverException(String message) {
            super(message);
        }
    }
}
