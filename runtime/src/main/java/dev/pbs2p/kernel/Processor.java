package dev.pbs2p.kernel;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Stream;

/// What the system tells about the processor.
final class Processor {

    private static final Path CPU_INFO = Path.of("/proc/cpuinfo");
    private static final Path CPUS = Path.of("/sys/devices/system/cpu");

    private Processor() {}

    /// Whether an instruction permutes the bytes of a 512-bit vector (AVX-512 VBMI). Where the system lists no
    /// features, processors with 512-bit vectors are taken to have it: all but the first two generations do.
    static boolean permutesBytes() {
        try (Stream<String> lines = Files.lines(CPU_INFO)) {
            return lines.filter(line -> line.startsWith("flags")).allMatch(line -> line.contains("avx512vbmi"));
        } catch (IOException | UncheckedIOException e) {
            return true;
        }
    }

    /// Physical cores this process may use; where the system does not tell, as many as the JVM sees processors.
    static int cores() {
        int processors = Runtime.getRuntime().availableProcessors();
        Set<String> cores = new HashSet<>();
        try (Stream<Path> cpus = Files.list(CPUS)) {
            for (Path cpu : (Iterable<Path>) cpus::iterator) {
                Path siblings = cpu.resolve("topology/thread_siblings_list");
                if (Files.isReadable(siblings)) {
                    cores.add(Files.readString(siblings));
                }
            }
        } catch (IOException | UncheckedIOException e) {
            return processors;
        }
        return cores.isEmpty() ? processors : Math.min(processors, cores.size());
    }
}
