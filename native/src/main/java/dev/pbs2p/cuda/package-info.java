/// The CUDA driver through the FFM API.
package dev.pbs2p.cuda;
