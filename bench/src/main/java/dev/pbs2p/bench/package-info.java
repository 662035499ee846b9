/// JMH benchmarks of the kernels, through [dev.pbs2p.kernel.Backend].
@NullMarked
package dev.pbs2p.bench;

import org.jspecify.annotations.NullMarked;
