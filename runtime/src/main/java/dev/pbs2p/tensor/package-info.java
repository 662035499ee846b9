/// Shapes over memory; no arithmetic.
package dev.pbs2p.tensor;
