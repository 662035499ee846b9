/// How fast models run here, and how fast this machine could let them.
package dev.pbs2p.cli.bench;
