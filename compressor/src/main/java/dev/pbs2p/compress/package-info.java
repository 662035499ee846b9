/// The algorithm: pure maths, and the block-by-block loop around it.
package dev.pbs2p.compress;
