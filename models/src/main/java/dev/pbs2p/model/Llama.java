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

/// LLaMA and Mistral: pre-norm blocks of grouped-query attention with rotary positions and a gated SiLU feed-forward.
///
/// Fields are called as in the checkpoint. The parameters belong to the backend; closing the model frees nothing else.
public final class Llama implements Model {

    private final LlamaConfig config;
    private final Backend backend;
    private final float[] ropeFrequencies;

    private final Linear embedTokens;
    private final List<Layer> layers;
    private final Matrix norm;
    private final Linear lmHead;

    /// One decoder layer.
    private record Layer(
            Matrix inputLayernorm,
            List<Linear> qkvProj,
            Linear oProj,
            Matrix postAttentionLayernorm,
            List<Linear> gateUpProj,
            Linear downProj) {}

    /// Loads every weight into `backend`.
    ///
    /// @throws dev.pbs2p.format.FormatException if a weight is missing or its shape is not the one `config` implies
    public Llama(LlamaConfig config, Checkpoint checkpoint, Backend backend) {
        this.config = config;
        this.backend = backend;
        this.ropeFrequencies = config.ropeFrequencies();
        Parameters parameters = new Parameters(checkpoint, backend);
        int hidden = config.hiddenSize();
        this.embedTokens = parameters.linear("model.embed_tokens", config.vocabSize(), hidden, false);
        this.layers = new ArrayList<>();
        for (int i = 0; i < config.numHiddenLayers(); i++) {
            layers.add(layer("model.layers." + i + ".", parameters));
        }
        this.norm = parameters.vector("model.norm.weight", hidden);
        this.lmHead = config.tieWordEmbeddings()
                ? embedTokens
                : parameters.linear("lm_head", config.vocabSize(), hidden, false);
    }

    private Layer layer(String prefix, Parameters parameters) {
        int hidden = config.hiddenSize();
        int intermediate = config.intermediateSize();
        int queries = config.numAttentionHeads() * config.headDim();
        int keys = config.numKeyValueHeads() * config.headDim();
        boolean attentionBias = config.attentionBias();
        boolean mlpBias = config.mlpBias();
        return new Layer(
                parameters.vector(prefix + "input_layernorm.weight", hidden),
                List.of(
                        parameters.linear(prefix + "self_attn.q_proj", queries, hidden, attentionBias),
                        parameters.linear(prefix + "self_attn.k_proj", keys, hidden, attentionBias),
                        parameters.linear(prefix + "self_attn.v_proj", keys, hidden, attentionBias)),
                parameters.linear(prefix + "self_attn.o_proj", hidden, queries, attentionBias),
                parameters.vector(prefix + "post_attention_layernorm.weight", hidden),
                List.of(
                        parameters.linear(prefix + "mlp.gate_proj", intermediate, hidden, mlpBias),
                        parameters.linear(prefix + "mlp.up_proj", intermediate, hidden, mlpBias)),
                parameters.linear(prefix + "mlp.down_proj", hidden, intermediate, mlpBias));
    }

    @Override
    public Matrix embed(int[] ids, KvCache cache) {
        TokenIds.check(ids, cache, config.vocabSize());
        return backend.embed(embedTokens, ids); // (tokens, hidden)
    }

    @Override
    public Matrix block(int block, Matrix x, KvCache cache) {
        Layer layer = layers.get(block);
        Matrix h = backend.add(x, attention(block, layer, x, cache)); // (tokens, hidden)
        return backend.add(h, feedForward(layer, h));
    }

    private Matrix attention(int block, Layer layer, Matrix x, KvCache cache) {
        Matrix normed = backend.rmsNorm(x, layer.inputLayernorm, config.rmsNormEps());
        List<Matrix> qkv = backend.matmul(normed, layer.qkvProj);
        Matrix q = backend.rope(qkv.get(0), ropeFrequencies, cache); // (tokens, heads * headDim)
        Matrix k = backend.rope(qkv.get(1), ropeFrequencies, cache); // (tokens, kvHeads * headDim)
        Matrix v = qkv.get(2);
        Matrix mixed = backend.attention(
                q, k, v, config.numAttentionHeads(), config.numKeyValueHeads(), block, config.slidingWindow(), cache);
        return backend.matmul(mixed, layer.oProj);
    }

    private Matrix feedForward(Layer layer, Matrix x) {
        Matrix normed = backend.rmsNorm(x, layer.postAttentionLayernorm, config.rmsNormEps());
        List<Matrix> gateUp = backend.matmul(normed, layer.gateUpProj); // (tokens, intermediate) each
        return backend.matmul(backend.swiglu(gateUp.get(0), gateUp.get(1)), layer.downProj);
    }

    @Override
    public Matrix logits(Matrix x) {
        return backend.matmul(backend.rmsNorm(x, norm, config.rmsNormEps()), lmHead); // (tokens, vocabulary)
    }

    @Override
    public List<String> linears(int block) {
        Layer layer = layers.get(block);
        return Stream.of(layer.qkvProj, List.of(layer.oProj), layer.gateUpProj, List.of(layer.downProj))
                .flatMap(List::stream)
                .map(Linear::name)
                .toList();
    }

    @Override
    public List<String> vectors(int block) {
        String prefix = "model.layers." + block + ".";
        List<String> names =
                new ArrayList<>(List.of(prefix + "input_layernorm.weight", prefix + "post_attention_layernorm.weight"));
        for (String linear : linears(block)) {
            boolean biased = linear.contains(".self_attn.") ? config.attentionBias() : config.mlpBias();
            if (biased) {
                names.add(linear.replace(".weight", ".bias"));
            }
        }
        return names;
    }

    @Override
    public KvCache cache(int sequences, int capacity) {
        int kvCols = config.numKeyValueHeads() * config.headDim();
        return backend.cache(sequences, config.numHiddenLayers(), kvCols, capacity);
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
