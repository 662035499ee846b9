/// Other engines, measured beside ours in one run.
@NullMarked
package dev.pbs2p.peers;

import org.jspecify.annotations.NullMarked;
