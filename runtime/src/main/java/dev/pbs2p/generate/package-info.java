/// From a prompt to tokens.
package dev.pbs2p.generate;
