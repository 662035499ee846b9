/// The operations of a model; the scalar definition, its SIMD twin and the choice between them.
package dev.pbs2p.kernel;
