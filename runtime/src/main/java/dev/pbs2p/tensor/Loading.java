package dev.pbs2p.tensor;

/// When and where the weights of a file come into memory.
public enum Loading {
    /// Each page when it is first read: nothing is read that is not used.
    MAPPED,
    /// All pages at once, before the first token.
    WARM,
    /// Copied once into huge pages, which the processor reads faster; the file is not needed in memory any more.
    HUGE_PAGES
}
