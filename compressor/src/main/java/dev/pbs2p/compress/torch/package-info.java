/// The only package that sees LibTorch.
package dev.pbs2p.compress.torch;
