/// Targets for a fuzzer: `fuzzerTestOneInput` takes any bytes as a file of one kind, and may throw no more than the
/// errors that users see as a sentence, nor allocate more than a multiple of the file's size. Profile `fuzz` of this
/// module's `pom.xml` runs one of them under Jazzer.
package dev.pbs2p.fuzz;
