package dev.pbs2p.compress;

import java.util.Arrays;
import java.util.Comparator;

/// Coarse-to-fine search: which weights are pruned.
final class CoarseToFine {

    private CoarseToFine() {}

    /// The coarse stage (eq. 10): kept weights of each block's N:M groups. The block of lowest LR changes its input
    /// most, is the most important and keeps N + s, the one of highest LR keeps N - s, the others lie between by
    /// rank; of equals, the earlier block ranks lower. The paper's s = 1 is meant for M = 8; here s = M / 8, none
    /// for M = 4.
    ///
    /// @param lr score of each block (eq. 9)
    /// @return one N a block, from 1 to m
    static int[] allocate(double[] lr, int n, int m) {
        int blocks = lr.length;
        int swing = m / 8;
        Integer[] order = new Integer[blocks];
        Arrays.setAll(order, i -> i);
        Arrays.sort(order, Comparator.comparingDouble(i -> lr[i]));
        int[] kept = new int[blocks];
        for (int rank = 0; rank < blocks; rank++) {
            double exact = blocks == 1 ? n : n + swing - 2.0 * swing * rank / (blocks - 1);
            kept[order[rank]] = Math.clamp((int) Math.floor(exact + 0.5), 1, m);
        }
        return kept;
    }

    /// The fine stage: keeps the weights of highest score w²/U_jj² in every N:M group of a column group.
    ///
    /// The paper prints w²/[H⁻¹]²_jj; as in the code that it builds on, [H⁻¹]_jj stands for the diagonal of the
    /// upper Cholesky factor U of the inverse of the damped Hessian.
    ///
    /// @param weight rows × width, compensated for the column groups before
    /// @param diagonal U_jj of the columns
    static ScoredBlock fine(float[] weight, int rows, float[] diagonal, NmGroups groups) {
        int width = diagonal.length;
        float[] score = new float[rows * width];
        byte[] step = new byte[rows * width];
        RowChunks.forEach(rows, (from, to) -> {
            for (int row = from; row < to; row++) {
                int at = row * width;
                for (int j = 0; j < width; j++) {
                    double ratio = (double) weight[at + j] / diagonal[j];
                    score[at + j] = (float) (ratio * ratio);
                    step[at + j] = ScoredBlock.KEPT;
                }
                for (int set = 0; set < groups.count(); set++) {
                    subMasks(score, step, at, groups.columns(set), groups.kept(set));
                }
            }
        });
        return new ScoredBlock(rows, width, score, step);
    }

    /// Sub-mask k (eq. 4) takes the k-th least important weight of every N:M group; of equals, the rightmost.
    private static void subMasks(float[] score, byte[] step, int at, int[] columns, int kept) {
        for (int k = 0; k < columns.length - kept; k++) {
            int least = -1;
            for (int column : columns) {
                int i = at + column;
                if (step[i] == ScoredBlock.KEPT && (least < 0 || score[i] <= score[least])) {
                    least = i;
                }
            }
            step[least] = (byte) k;
        }
    }
}
