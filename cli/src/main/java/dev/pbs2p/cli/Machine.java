package dev.pbs2p.cli;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/// What this computer is.
final class Machine {

    private Machine() {}

    /// The processor's name where the system tells it, else its architecture.
    static String processor() {
        return line("/proc/cpuinfo", "model name").orElse(System.getProperty("os.arch", "unknown"));
    }

    /// Bytes of memory.
    static long memory() {
        return system().getTotalMemorySize();
    }

    /// Bytes of memory that a program can still have; what the system caches counts as free.
    static long availableMemory() {
        return kilobytes("/proc/meminfo", "MemAvailable").orElseGet(() -> system().getFreeMemorySize());
    }

    /// Bytes of memory that this process holds, mapped files included; 0 where the system does not tell.
    static long residentMemory() {
        return kilobytes("/proc/self/status", "VmRSS").orElse(0L);
    }

    /// The most that [#residentMemory] ever was.
    static long peakResidentMemory() {
        return kilobytes("/proc/self/status", "VmHWM").orElse(0L);
    }

    private static OperatingSystemMXBean system() {
        return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
    }

    /// In bytes.
    private static Optional<Long> kilobytes(String file, String key) {
        return line(file, key).map(text -> Long.parseLong(text.replaceAll("\\D", "")) * 1024);
    }

    private static Optional<String> line(String file, String key) {
        try (Stream<String> lines = Files.lines(Path.of(file))) {
            return lines.filter(line -> line.startsWith(key))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst();
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
