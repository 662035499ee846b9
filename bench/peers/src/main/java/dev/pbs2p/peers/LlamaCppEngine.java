package dev.pbs2p.peers;

import de.kherud.llama.InferenceParameters;
import de.kherud.llama.LlamaModel;
import de.kherud.llama.ModelParameters;
import de.kherud.llama.args.Sampler;
import dev.pbs2p.cli.bench.Benchmark.Task;
import java.nio.file.Path;

/// llama.cpp with a GGUF file, inside this process.
final class LlamaCppEngine implements Engine {

    private static final int CONTEXT = 2048;

    private final LlamaModel model;
    private final String name;
    private final Prompts prompts;

    LlamaCppEngine(Path file, int threads) {
        this.model = new LlamaModel(new ModelParameters()
                .setModel(file.toString())
                .setThreads(threads)
                .setThreadsBatch(threads)
                .setCtxSize(CONTEXT)
                .setParallel(1)
                .disableLog());
        this.name = "llama.cpp " + file.getFileName();
        this.prompts = new Prompts(text -> model.encode(text).length);
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
        InferenceParameters parameters = new InferenceParameters(prompts.of(prompt))
                .setNPredict(tokens)
                .setIgnoreEos(true)
                .setCachePrompt(false)
                .setTemperature(0)
                .setSamplers(Sampler.TEMPERATURE);
        long start = System.nanoTime();
        model.complete(parameters);
        return (System.nanoTime() - start) / 1e9;
    }

    @Override
    public void close() {
        model.close();
    }
}
