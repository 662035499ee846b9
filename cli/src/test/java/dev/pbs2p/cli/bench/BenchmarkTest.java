package dev.pbs2p.cli.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pbs2p.cli.bench.Benchmark.Speed;
import dev.pbs2p.cli.bench.Benchmark.Task;
import java.util.List;
import org.junit.jupiter.api.Test;

class BenchmarkTest {

    @Test
    void medianAndSpread() {
        assertEquals(new Speed(3, 4), Speed.of(new double[] {5, 3, 1}));
        assertEquals(new Speed(2.5, 3), Speed.of(new double[] {4, 1, 2, 3}));
        assertEquals(new Speed(7, 0), Speed.of(new double[] {7}));
    }

    @Test
    void theLimitFollowsFromBandwidthAndBytes() {
        Measurement writing = Measurement.of(2, Task.writing(64), new Speed(15, 1), 500_000_000, 20);
        assertEquals(500_000_000, writing.bytesPerToken());
        assertEquals(40, writing.limit());
        assertEquals(0.375, writing.limitShare());
        Measurement reading = Measurement.of(2, Task.reading(100), new Speed(15, 1), 500_000_000, 20);
        assertEquals(5_000_000, reading.bytesPerToken());
    }

    @Test
    void theBandwidthOfHugePagesIsUsedWhereItWasMeasured() {
        List<Bandwidth> measured =
                List.of(new Bandwidth(1, false, 10), new Bandwidth(2, false, 15), new Bandwidth(1, true, 12));
        assertEquals(10, Bandwidth.of(measured, 1, false));
        assertEquals(12, Bandwidth.of(measured, 1, true));
        assertEquals(15, Bandwidth.of(measured, 2, true));
    }

    @Test
    void memoryIsReadAtSomeSpeed() {
        assertTrue(Bandwidth.measure(List.of(1)).stream().allMatch(one -> one.gigabytesPerSecond() > 0));
    }
}
