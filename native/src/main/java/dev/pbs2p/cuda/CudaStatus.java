package dev.pbs2p.cuda;

import java.util.List;
import java.util.Locale;

/// What [DriverProbe] found.
public sealed interface CudaStatus {

    /// One line for people.
    String sentence();

    /// The driver answers.
    ///
    /// @param driver the newest CUDA version that the driver supports, such as `12.8`
    /// @param devices its GPUs, in its order; may be empty
    record Found(String driver, List<Device> devices) implements CudaStatus {

        public Found {
            devices = List.copyOf(devices);
        }

        @Override
        public String sentence() {
            String gpus = devices.isEmpty()
                    ? "no GPU"
                    : String.join(", ", devices.stream().map(Device::sentence).toList());
            return "CUDA driver " + driver + ": " + gpus;
        }
    }

    /// There is no usable driver.
    ///
    /// @param sentence why, in words
    record Absent(String sentence) implements CudaStatus {}

    /// One GPU.
    ///
    /// @param major compute capability, before the dot
    /// @param minor compute capability, after the dot
    /// @param memory bytes of its memory
    record Device(String name, int major, int minor, long memory) {

        String sentence() {
            return String.format(
                    Locale.ROOT, "%s (compute capability %d.%d, %.1f GB)", name, major, minor, memory / 1e9);
        }
    }
}
