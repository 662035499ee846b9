package dev.pbs2p.peers;

import de.kherud.llama.InferenceParameters;
import de.kherud.llama.LlamaModel;
import de.kherud.llama.ModelParameters;
import de.kherud.llama.args.Sampler;
import dev.pbs2p.cli.bench.Benchmark.Task;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;

/// llama.cpp with a GGUF file, inside this process.
final class LlamaCppEngine implements Engine {

    private static final int CONTEXT = 2048;

    private final LlamaModel model;
    private final String name;
    private final Map<Integer, String> prompts = new HashMap<>();

    LlamaCppEngine(Path file, int threads) {
        this.model = new LlamaModel(new ModelParameters()
                .setModel(file.toString())
                .setThreads(threads)
                .setThreadsBatch(threads)
                .setCtxSize(CONTEXT)
                .setParallel(1)
                .disableLog());
        this.name = "llama.cpp " + file.getFileName();
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public double run(Task task) {
        if (task.prompt() > 0) {
            return task.prompt() / seconds(task.prompt(), 1);
        }
        // The first token costs what reading the prompt costs; the rest is writing alone.
        return task.generate() / (seconds(1, task.generate() + 1) - seconds(1, 1));
    }

    private double seconds(int prompt, int tokens) {
        InferenceParameters parameters = new InferenceParameters(prompts.computeIfAbsent(prompt, this::prompt))
                .setNPredict(tokens)
                .setIgnoreEos(true)
                .setCachePrompt(false)
                .setTemperature(0)
                .setSamplers(Sampler.TEMPERATURE);
        long start = System.nanoTime();
        model.complete(parameters);
        return (System.nanoTime() - start) / 1e9;
    }

    /// A text of that many tokens.
    private String prompt(int tokens) {
        SplittableRandom random = new SplittableRandom(1);
        StringBuilder text = new StringBuilder("a");
        while (model.encode(text.toString()).length < tokens) {
            text.append((char) ('a' + random.nextInt(26)));
        }
        return text.toString();
    }

    @Override
    public void close() {
        model.close();
    }
}
