/// Architectures, one file each, and the facade most users need.
package dev.pbs2p.model;
