/// Perplexity, KL divergence, and the multiple-choice tasks.
package dev.pbs2p.eval;
