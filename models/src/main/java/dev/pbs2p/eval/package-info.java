/// Perplexity and other measures of quality.
package dev.pbs2p.eval;
