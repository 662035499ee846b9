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
        return line("/proc/meminfo", "MemAvailable")
                .map(kilobytes -> Long.parseLong(kilobytes.replaceAll("\\D", "")) * 1024)
                .orElseGet(() -> system().getFreeMemorySize());
    }

    private static OperatingSystemMXBean system() {
        return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
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
