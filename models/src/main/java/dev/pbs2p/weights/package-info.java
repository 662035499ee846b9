/// Checkpoints as users have them.
package dev.pbs2p.weights;
