package dev.pbs2p.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.LocalDate;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import tools.jackson.databind.json.JsonMapper;

/// Runs benchmarks with JMH's own options and adds each result to the history, with machine and commit.
final class Main {

    private static final Path HISTORY = Path.of("bench", "history.jsonl");

    private Main() {}

    static void main(String[] args) throws CommandLineOptionException, RunnerException, IOException {
        CommandLineOptions asked = new CommandLineOptions(args);
        Collection<RunResult> results = new Runner(new OptionsBuilder()
                        .parent(asked)
                        .mode(Mode.AverageTime)
                        .timeUnit(TimeUnit.MICROSECONDS)
                        .forks(asked.getForkCount().orElse(1))
                        .warmupIterations(asked.getWarmupIterations().orElse(3))
                        .warmupTime(asked.getWarmupTime().orElse(TimeValue.seconds(1)))
                        .measurementIterations(asked.getMeasurementIterations().orElse(5))
                        .measurementTime(asked.getMeasurementTime().orElse(TimeValue.seconds(1)))
                        .jvmArgsAppend("--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED")
                        .build())
                .run();
        StringBuilder lines = new StringBuilder();
        for (RunResult result : results) {
            lines.append(JsonMapper.shared().writeValueAsString(line(result))).append('\n');
        }
        Files.writeString(HISTORY, lines, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    private static Map<String, Object> line(RunResult result) throws IOException {
        BenchmarkParams params = result.getParams();
        Map<String, String> values = new TreeMap<>();
        params.getParamsKeys().forEach(key -> values.put(key, params.getParam(key)));
        Result<?> time = result.getPrimaryResult();
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("date", LocalDate.now().toString());
        line.put("commit", commit());
        line.put("machine", machine());
        line.put("benchmark", params.getBenchmark().replaceAll("^dev\\.pbs2p\\.bench\\.", ""));
        line.put("params", values);
        line.put("microseconds", time.getScore());
        double error = time.getScoreError();
        line.put("error", Double.isNaN(error) ? 0 : error);
        return line;
    }

    private static String commit() throws IOException {
        Process git = new ProcessBuilder("git", "describe", "--always", "--dirty").start();
        return new String(git.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    }

    private static String machine() {
        String threads = ", " + Runtime.getRuntime().availableProcessors() + " threads";
        try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
            return lines.filter(line -> line.startsWith("model name"))
                            .map(line -> line.substring(line.indexOf(':') + 2))
                            .findFirst()
                            .orElse("unknown")
                    + threads;
        } catch (IOException e) {
            return System.getProperty("os.arch") + threads;
        }
    }
}
