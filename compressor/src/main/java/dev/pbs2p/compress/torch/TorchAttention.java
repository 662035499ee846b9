package dev.pbs2p.compress.torch;

import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/// Causal attention over a batch of sequences.
final class TorchAttention {

    private TorchAttention() {}

    /// Each token's mix of the values that it may see.
    ///
    /// @param q sequences × tokens × heads·headSize
    /// @param k sequences × positions × kvHeads·headSize; all positions up to the newest token's
    /// @param v like k
    /// @return sequences × tokens × heads·headSize
    static Tensor apply(Tensor q, Tensor k, Tensor v, int heads, int kvHeads, int span, TorchKvCache cache) {
        long tokens = q.size(1);
        long positions = k.size(1);
        boolean all = span >= positions;
        Native.expectOwnThreads();
        if (all && tokens == 1 && cache.even()) {
            return oneToken(q, split(k, kvHeads), split(v, kvHeads), heads / kvHeads);
        }
        Tensor keys = spread(split(k, kvHeads), heads / kvHeads);
        Tensor values = spread(split(v, kvHeads), heads / kvHeads);
        boolean causal = all && tokens == positions;
        TensorOptional mask = causal ? new TensorOptional() : new TensorOptional(mask(cache, tokens, positions, span));
        Tensor mixed = torch.scaled_dot_product_attention(
                split(q, heads), keys, values, mask, 0, causal, new DoubleOptional(), false);
        return mixed.transpose(1, 2).reshape(q.size(0), tokens, q.size(2));
    }

    /// Where every token sees all positions, the query heads that share a key head are like tokens of one head: keys
    /// and values need not be copied for each.
    private static Tensor oneToken(Tensor q, Tensor keys, Tensor values, int share) {
        Tensor queries = q.reshape(q.size(0), keys.size(1), share, keys.size(3));
        Tensor mixed = torch.scaled_dot_product_attention(
                queries, keys, values, new TensorOptional(), 0, false, new DoubleOptional(), false);
        return mixed.reshape(q.size(0), 1, q.size(2));
    }

    /// sequences × heads × rows × headSize.
    private static Tensor split(Tensor x, int heads) {
        return x.reshape(x.size(0), x.size(1), heads, x.size(2) / heads).transpose(1, 2);
    }

    /// Each key head serves `times` query heads in a row.
    private static Tensor spread(Tensor x, int times) {
        return times == 1 ? x : x.repeat_interleave(times, new LongOptional(1), new LongOptional());
    }

    /// sequences × 1 × tokens × positions: whether token t of a sequence, at position length + t, sees position p.
    private static Tensor mask(TorchKvCache cache, long tokens, long positions, int span) {
        Tensor[] masks = new Tensor[cache.sequences()];
        Tensor every = torch.ones(tokens, positions).to(torch.ScalarType.Bool);
        for (int s = 0; s < masks.length; s++) {
            int length = cache.length(s);
            Tensor seen = every.tril(length);
            masks[s] = span >= positions ? seen : seen.triu(length - span + 1L);
        }
        return torch.stack(new TensorVector(masks), 0).unsqueeze(1);
    }
}
