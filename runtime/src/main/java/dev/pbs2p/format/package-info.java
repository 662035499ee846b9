/// Files: safetensors, and the packed `.pbs2p` inside it.
package dev.pbs2p.format;
