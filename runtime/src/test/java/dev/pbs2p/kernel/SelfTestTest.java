package dev.pbs2p.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class SelfTestTest {

    @Test
    void everyKernelPassesHere() {
        List<SelfTest.Result> results = SelfTest.run();
        assertEquals(12, results.size());
        for (SelfTest.Result result : results) {
            assertTrue(result.passed(), result::toString);
        }
    }
}
