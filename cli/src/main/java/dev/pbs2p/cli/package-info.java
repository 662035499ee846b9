/// The commands.
package dev.pbs2p.cli;
