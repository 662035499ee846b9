package dev.pbs2p.peers;

import com.github.tjake.jlama.model.AbstractModel;
import com.github.tjake.jlama.model.ModelSupport;
import com.github.tjake.jlama.model.functions.Generator.Response;
import com.github.tjake.jlama.safetensors.DType;
import com.github.tjake.jlama.safetensors.SafeTensorSupport;
import com.github.tjake.jlama.safetensors.prompt.PromptContext;
import com.github.tjake.jlama.tensor.operations.TensorOperationsProvider;
import dev.pbs2p.cli.bench.Benchmark.Task;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.UUID;

/// Jlama with a Hugging Face directory, quantised to its 4 bits: it has nothing smaller. Head included; embeddings
/// stay as they are.
final class JlamaEngine implements Engine {

    private final AbstractModel model;
    private final String name;
    private final Prompts prompts;

    /// @param threads as of every other model of this process: Jlama has one pool
    JlamaEngine(Path directory, int threads) {
        this.model = ModelSupport.loadModel(
                quantised(directory).toFile(), null, DType.F32, DType.I8, Optional.empty(), Optional.of(threads));
        this.name = "Jlama " + model.getWeights().getModelDType() + ", "
                + TensorOperationsProvider.get().name();
        // It puts a token in front of every text.
        this.prompts = new Prompts(text -> 1 + model.getTokenizer().encode(text).length);
    }

    /// A directory beside it, written on first use: what Jlama quantises while it loads (0.8.4) stays in 16 bits in
    /// most linears, and then its kernels refuse it.
    private static Path quantised(Path directory) {
        Path quantised = directory.resolveSibling(directory.getFileName() + "-JQ4");
        if (!Files.exists(quantised)) {
            try {
                String[] kept = {"norm", "embed_tokens"};
                SafeTensorSupport.quantizeModel(directory, DType.Q4, kept, null, Optional.of(quantised));
            } catch (IOException e) {
                throw new UncheckedIOException("cannot quantise " + directory, e);
            }
        }
        return quantised;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public double run(Task task) {
        int prompt = Math.max(2, task.prompt());
        Response response = model.generate( // a session of its own, so that nothing is cached
                UUID.randomUUID(), PromptContext.of(prompts.of(prompt)), 0, prompt + task.generate(), (_, _) -> {});
        return task.prompt() > 0
                ? 1000.0 * task.prompt() / response.promptTimeMs
                : 1000.0 * response.generatedTokens / response.generateTimeMs;
    }

    @Override
    public void close() {
        model.close();
    }
}
