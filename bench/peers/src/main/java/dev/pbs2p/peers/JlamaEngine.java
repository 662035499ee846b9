package dev.pbs2p.peers;

import com.github.tjake.jlama.model.AbstractModel;
import com.github.tjake.jlama.model.ModelSupport;
import com.github.tjake.jlama.model.functions.Generator.Response;
import com.github.tjake.jlama.safetensors.DType;
import com.github.tjake.jlama.safetensors.prompt.PromptContext;
import dev.pbs2p.cli.bench.Benchmark.Task;
import java.nio.file.Path;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.UUID;

/// Jlama with a Hugging Face directory, quantised to its 4 bits while it loads: it has nothing smaller.
final class JlamaEngine implements Engine {

    private final AbstractModel model;
    private final String name;

    JlamaEngine(Path directory, int threads) {
        this.model = ModelSupport.loadModel(
                directory.toFile(), null, DType.F32, DType.I8, Optional.of(DType.Q4), Optional.of(threads));
        this.name = "Jlama " + directory.getFileName() + ", Q4";
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public double run(Task task) {
        SplittableRandom random = new SplittableRandom(1);
        StringBuilder text = new StringBuilder("a");
        while (model.getTokenizer().encode(text.toString()).length < task.prompt()) {
            text.append((char) ('a' + random.nextInt(26)));
        }
        Response response = model.generate(
                UUID.randomUUID(), PromptContext.of(text.toString()), 0, task.tokens() + 1, (_, _) -> {});
        return task.prompt() > 0
                ? 1000.0 * response.promptTokens / response.promptTimeMs
                : 1000.0 * response.generatedTokens / response.generateTimeMs;
    }

    @Override
    public void close() {
        model.close();
    }
}
