package dev.pbs2p.model;

import dev.pbs2p.generate.Model;
import dev.pbs2p.kernel.Backend;
import dev.pbs2p.kernel.KvCache;
import dev.pbs2p.kernel.Linear;
import dev.pbs2p.kernel.Matrix;
import dev.pbs2p.tensor.Checkpoint;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// OPT: blocks of multi-head attention and a ReLU feed-forward with layer norms before them (after them in the 350M),
/// on the sum of token and learned position embeddings.
///
/// Fields are called as in the checkpoint. The parameters belong to the backend; closing the model frees nothing else.
public final class Opt implements Model {

    private final OptConfig config;
    private final Backend backend;
    private final String decoder;

    private final Linear embedTokens;
    private final Linear embedPositions;
    private final @Nullable Linear projectIn;
    private final List<Layer> layers;
    private final @Nullable Norm finalLayerNorm;
    private final @Nullable Linear projectOut;
    private final Linear lmHead;

    private record Norm(Matrix weight, Matrix bias) {}

    /// One decoder layer.
    private record Layer(
            List<Linear> qkvProj,
            Linear outProj,
            Norm selfAttnLayerNorm,
            Linear fc1,
            Linear fc2,
            Norm finalLayerNorm) {}

    /// Loads every weight into `backend`.
    ///
    /// @throws dev.pbs2p.format.FormatException if a weight is missing or its shape is not the one `config` implies
    public Opt(OptConfig config, Checkpoint checkpoint, Backend backend) {
        this.config = config;
        this.backend = backend;
        // The published checkpoints were saved without the head around them, so their names lack its prefix.
        this.decoder = checkpoint.names().contains("decoder.embed_tokens.weight") ? "decoder." : "model.decoder.";
        Parameters parameters = new Parameters(checkpoint, backend);
        int hidden = config.hiddenSize();
        int embedded = config.wordEmbedProjDim();
        int positions = config.maxPositionEmbeddings() + OptConfig.POSITION_OFFSET;
        this.embedTokens = parameters.linear(decoder + "embed_tokens", config.vocabSize(), embedded, false);
        this.embedPositions = parameters.linear(decoder + "embed_positions", positions, hidden, false);
        this.projectIn = config.projects() ? parameters.linear(decoder + "project_in", hidden, embedded, false) : null;
        this.layers = new ArrayList<>();
        for (int i = 0; i < config.numHiddenLayers(); i++) {
            layers.add(layer(prefix(i), parameters));
        }
        this.finalLayerNorm = config.finalLayerNorm() ? norm(decoder + "final_layer_norm", parameters) : null;
        this.projectOut =
                config.projects() ? parameters.linear(decoder + "project_out", embedded, hidden, false) : null;
        this.lmHead = config.tieWordEmbeddings()
                ? embedTokens
                : parameters.linear("lm_head", config.vocabSize(), embedded, false);
    }

    private String prefix(int block) {
        return decoder + "layers." + block + ".";
    }

    private Layer layer(String prefix, Parameters parameters) {
        int hidden = config.hiddenSize();
        boolean bias = config.enableBias();
        return new Layer(
                List.of(
                        parameters.linear(prefix + "self_attn.q_proj", hidden, hidden, bias),
                        parameters.linear(prefix + "self_attn.k_proj", hidden, hidden, bias),
                        parameters.linear(prefix + "self_attn.v_proj", hidden, hidden, bias)),
                parameters.linear(prefix + "self_attn.out_proj", hidden, hidden, bias),
                norm(prefix + "self_attn_layer_norm", parameters),
                parameters.linear(prefix + "fc1", config.ffnDim(), hidden, bias),
                parameters.linear(prefix + "fc2", hidden, config.ffnDim(), bias),
                norm(prefix + "final_layer_norm", parameters));
    }

    private Norm norm(String name, Parameters parameters) {
        int hidden = config.hiddenSize();
        return new Norm(parameters.vector(name + ".weight", hidden), parameters.vector(name + ".bias", hidden));
    }

    @Override
    public Matrix embed(int[] ids, KvCache cache) {
        TokenIds.check(ids, cache, config.vocabSize());
        Matrix x = backend.embed(embedTokens, ids); // (tokens, wordEmbedProjDim)
        if (projectIn != null) {
            x = backend.matmul(x, projectIn); // (tokens, hidden)
        }
        return backend.add(x, backend.embed(embedPositions, positions(ids.length, cache)));
    }

    /// Rows of the table of positions, for the new tokens of each sequence in turn.
    private int[] positions(int tokens, KvCache cache) {
        int each = tokens / cache.sequences();
        int[] rows = new int[tokens];
        for (int i = 0; i < tokens; i++) {
            int position = cache.length(i / each) + i % each;
            if (position >= config.maxPositionEmbeddings()) {
                throw new IllegalArgumentException("position " + position + " is beyond the "
                        + config.maxPositionEmbeddings() + " positions that the model has learned");
            }
            rows[i] = position + OptConfig.POSITION_OFFSET;
        }
        return rows;
    }

    @Override
    public Matrix block(int block, Matrix x, KvCache cache) {
        Layer layer = layers.get(block);
        if (config.doLayerNormBefore()) {
            Matrix h = backend.add(x, attention(block, layer, normed(x, layer.selfAttnLayerNorm), cache));
            return backend.add(h, feedForward(layer, normed(h, layer.finalLayerNorm)));
        }
        Matrix h = normed(backend.add(x, attention(block, layer, x, cache)), layer.selfAttnLayerNorm);
        return normed(backend.add(h, feedForward(layer, h)), layer.finalLayerNorm);
    }

    private Matrix normed(Matrix x, Norm norm) {
        return backend.layerNorm(x, norm.weight, norm.bias, OptConfig.LAYER_NORM_EPS);
    }

    private Matrix attention(int block, Layer layer, Matrix x, KvCache cache) {
        List<Matrix> qkv = backend.matmul(x, layer.qkvProj); // (tokens, hidden) each
        int heads = config.numAttentionHeads();
        Matrix mixed =
                backend.attention(qkv.get(0), qkv.get(1), qkv.get(2), heads, heads, block, Integer.MAX_VALUE, cache);
        return backend.matmul(mixed, layer.outProj);
    }

    private Matrix feedForward(Layer layer, Matrix x) {
        return backend.matmul(backend.relu(backend.matmul(x, layer.fc1)), layer.fc2); // through (tokens, ffnDim)
    }

    @Override
    public Matrix logits(Matrix x) {
        Matrix out = finalLayerNorm == null ? x : normed(x, finalLayerNorm);
        if (projectOut != null) {
            out = backend.matmul(out, projectOut); // (tokens, wordEmbedProjDim)
        }
        return backend.matmul(out, lmHead); // (tokens, vocabulary)
    }

    @Override
    public List<String> linears(int block) {
        Layer layer = layers.get(block);
        return Stream.of(layer.qkvProj, List.of(layer.outProj, layer.fc1, layer.fc2))
                .flatMap(List::stream)
                .map(Linear::name)
                .toList();
    }

    @Override
    public List<String> vectors(int block) {
        List<String> names = new ArrayList<>();
        for (String norm : List.of("self_attn_layer_norm", "final_layer_norm")) {
            names.add(prefix(block) + norm + ".weight");
            names.add(prefix(block) + norm + ".bias");
        }
        if (config.enableBias()) {
            linears(block).forEach(linear -> names.add(linear.replace(".weight", ".bias")));
        }
        return names;
    }

    @Override
    public KvCache cache(int sequences, int capacity) {
        return backend.cache(sequences, config.numHiddenLayers(), config.hiddenSize(), capacity);
    }

    @Override
    public Backend backend() {
        return backend;
    }

    @Override
    public int vocabulary() {
        return config.vocabSize();
    }

    @Override
    public int context() {
        return config.maxPositionEmbeddings();
    }

    @Override
    public int blocks() {
        return layers.size();
    }

    @Override
    public void close() {}
}
