package dev.pbs2p.compress.torch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pbs2p.compress.BestPreset;
import dev.pbs2p.compress.Hessian;
import dev.pbs2p.compress.TunedLinear;
import dev.pbs2p.compress.TuningSchedule;
import dev.pbs2p.compress.TuningState;
import dev.pbs2p.generate.Model;
import dev.pbs2p.kernel.Backend;
import dev.pbs2p.kernel.KvCache;
import dev.pbs2p.kernel.Matrix;
import dev.pbs2p.model.Models;
import dev.pbs2p.model.TinyLlama;
import dev.pbs2p.tensor.Checkpoint;
import dev.pbs2p.tensor.Codes;
import dev.pbs2p.tensor.PackedFormat;
import dev.pbs2p.tensor.Tensor;
import dev.pbs2p.weights.Checkpoints;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Levels and norms of a tiny model, tuned.
final class TuningTest {

    private static final int WINDOW = 16;

    @TempDir
    private Path directory;

    private Checkpoint checkpoint;
    private Model student;
    private Model teacher;
    private final Map<String, Codes> codes = new LinkedHashMap<>();

    @BeforeEach
    void compress() {
        checkpoint = Checkpoints.open(TinyLlama.standard().write(directory.resolve("model")));
        student = Models.open(checkpoint, new TorchBackend(1));
        teacher = Models.open(checkpoint, new TorchBackend(1));
        compress(new PackedFormat(4, 8, true, 64, 1, false, false));
    }

    private void compress(PackedFormat format) {
        codes.clear();
        for (int block = 0; block < student.blocks(); block++) {
            for (String name : student.linears(block)) {
                Tensor weight = (Tensor) checkpoint.weight(name);
                Hessian identity = new Hessian(identity(weight.cols()), weight.cols());
                codes.put(
                        name,
                        new BestPreset().compress(weight.toFloats(), weight.rows(), weight.cols(), identity, format));
            }
        }
    }

    private static float[] identity(int size) {
        float[] matrix = new float[size * size];
        for (int i = 0; i < size; i++) {
            matrix[i * size + i] = 1;
        }
        return matrix;
    }

    @AfterEach
    void close() {
        student.close();
        student.backend().close();
        teacher.close();
        teacher.backend().close();
        checkpoint.close();
    }

    private int[] windows(int count) {
        return new Random(5)
                .ints((long) count * WINDOW, 0, student.vocabulary())
                .toArray();
    }

    private Tuning tuning(int[] ids) {
        return Tunings.model(List.of(student), List.of(teacher), codes, ids, window -> states(ids, window), WINDOW);
    }

    /// What leaves the original's last block.
    private float[] states(int[] ids, int window) {
        try (Backend.Scope _ = teacher.backend().scope();
                KvCache cache = teacher.backend().window(1)) {
            int[] own = Arrays.copyOfRange(ids, window * WINDOW, (window + 1) * WINDOW);
            return teacher.backend().read(teacher.forward(own, cache));
        }
    }

    private Tuning.Outcome tune(int windows, int epochs, double rate) {
        return tuning(windows(windows)).run(windows, new TuningSchedule(epochs, rate, 4, 1), (_, _, _) -> {}, _ -> {});
    }

    @Test
    void theModelComesCloserToTheOriginal() {
        Tuning.Outcome outcome = tune(80, 4, 0.03);
        assertTrue(outcome.after() < 0.9 * outcome.before(), outcome.before() + " -> " + outcome.after());
        assertEquals(codes.keySet(), outcome.codes().keySet());
        assertTrue(
                codes.entrySet().stream()
                        .anyMatch(entry -> !Arrays.equals(
                                entry.getValue().code(),
                                Objects.requireNonNull(outcome.codes().get(entry.getKey()))
                                        .code())),
                "no code followed");
    }

    /// With a rate so high that every step does harm, what was there before is kept to the last bit.
    @Test
    void neverMakesItWorse() {
        Tuning.Outcome outcome = tune(4, 3, 1e6);
        assertEquals(outcome.before(), outcome.after());
        outcome.codes()
                .forEach((name, kept) -> assertArrayEquals(codes.get(name).toFloats(), kept.toFloats(), 4e-3f, name));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void resumesToTheSameBytes(int epoch) throws IOException {
        int[] ids = windows(20);
        TuningSchedule schedule = new TuningSchedule(4, 0.03, 4, 1);
        List<byte[]> saved = new ArrayList<>();
        Tuning.Outcome whole = tuning(ids).run(20, schedule, (_, _, _) -> {}, state -> saved.add(state.save()));
        student.close();
        student.backend().close();
        student = Models.open(checkpoint, new TorchBackend(1));
        Tuning tuning = tuning(ids);
        tuning.state().restore(new ByteArrayInputStream(saved.get(epoch - 1)));
        Tuning.Outcome resumed = tuning.run(20, schedule, (_, _, _) -> {}, _ -> {});
        assertEquals(whole.after(), resumed.after());
        whole.codes().forEach((name, value) -> {
            Codes other = Objects.requireNonNull(resumed.codes().get(name));
            assertArrayEquals(value.code(), other.code());
            assertArrayEquals(value.params(), other.params());
            assertArrayEquals(value.step(), other.step());
        });
        whole.vectors()
                .forEach((name, value) ->
                        assertArrayEquals(value, resumed.vectors().get(name)));
    }

    @Test
    void aStateOfAnotherModelIsRefused() {
        TuningState other = new TuningState(List.of(new float[3]), List.of());
        byte[] saved = new TuningState(List.of(new float[4]), List.of()).save();
        assertThrows(IOException.class, () -> other.restore(new ByteArrayInputStream(saved)));
        assertThrows(IOException.class, () -> other.restore(new ByteArrayInputStream(saved, 0, 20)));
    }

    @Test
    void aBlockComesCloserToTheOriginal() {
        int[] ids = windows(40);
        float[][] inputs = new float[40][];
        float[][] targets = new float[40][];
        Backend torch = teacher.backend();
        for (int w = 0; w < 40; w++) {
            try (Backend.Scope _ = torch.scope()) {
                var x = teacher.embed(Arrays.copyOfRange(ids, w * WINDOW, (w + 1) * WINDOW), torch.window(1));
                inputs[w] = torch.read(x);
                targets[w] = torch.read(teacher.block(0, x, torch.window(1)));
            }
        }
        Map<String, Codes> block = new LinkedHashMap<>();
        student.linears(0).forEach(name -> block.put(name, codes.get(name)));
        Tuning tuning = Tunings.block(List.of(student), 0, block, w -> inputs[w], w -> targets[w], WINDOW);
        Tuning.Outcome outcome = tuning.run(40, new TuningSchedule(4, 0.05, 4, 1), (_, _, _) -> {}, _ -> {});
        assertTrue(outcome.after() < 0.95 * outcome.before(), outcome.before() + " -> " + outcome.after());
        assertEquals(2, outcome.vectors().size());
    }

    /// The gradient of a batch is the sum of its parts': a code may flip by rounding, hence the tolerance.
    @ParameterizedTest
    @CsvSource({"1,1", "3,1", "4,2", "1,2", "4,3"})
    void windowsNeedNotGoTogether(int together, int replicas) {
        assertArrayEquals(losses(4, 1), losses(together, replicas), 1e-3);
    }

    /// Of every step, when so many windows go through each of so many models at once.
    private double[] losses(int together, int count) {
        List<Model> students = new ArrayList<>(List.of(student));
        while (students.size() < count) {
            students.add(Models.open(checkpoint, new TorchBackend(1)));
        }
        List<Replica> replicas =
                students.stream().map(model -> replica(model, together)).toList();
        List<Double> losses = new ArrayList<>();
        Tuning tuning = new Tuning(replicas, codes, List.of());
        tuning.run(14, new TuningSchedule(2, 0.03, 4, 1), (_, _, loss) -> losses.add(loss), _ -> {});
        students.stream().skip(1).forEach(model -> model.backend().close());
        assertEquals(8, losses.size());
        return losses.stream().mapToDouble(loss -> loss / losses.getFirst()).toArray();
    }

    private Replica replica(Model student, int together) {
        int[] ids = windows(14);
        Replica.Objective error = windows -> {
            int[] tokens = Arrays.stream(windows)
                    .flatMap(w -> Arrays.stream(ids, w * WINDOW, (w + 1) * WINDOW))
                    .toArray();
            Matrix out = student.forward(tokens, student.backend().window(windows.length));
            return torch.mse_loss(TorchMatrix.of(out), target(tokens));
        };
        return new Replica((TorchBackend) student.backend(), error, together);
    }

    /// What leaves the original's last block, for one thread at a time.
    private synchronized org.bytedeco.pytorch.Tensor target(int[] tokens) {
        return TorchMatrix.of(teacher.forward(tokens, teacher.backend().window(tokens.length / WINDOW)));
    }

    /// Rounding what is already rounded moves a parameter by at most half a step of the row's new, finer grid.
    @ParameterizedTest
    @CsvSource({"4,8,1,false", "4,8,1,true", "8,8,2,false", "8,8,4,true", "4,8,3,false"})
    void levelsSurviveRounding(int n, int m, int segments, boolean symmetric) {
        compress(new PackedFormat(n, m, true, 64, segments, symmetric, false));
        codes.forEach((name, value) -> {
            TunedLinear linear = new TunedLinear(value);
            Codes again = linear.rounded(linear.levels(), value.code());
            for (int r = 0; r < value.rows(); r++) {
                float half = Float.float16ToFloat(again.step()[r]) / 2;
                for (int c = 0; c < value.cols(); c++) {
                    assertEquals(value.value(r, c), again.value(r, c), 2.01f * half, name);
                }
            }
        });
    }
}
