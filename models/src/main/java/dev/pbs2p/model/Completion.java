package dev.pbs2p.model;

import dev.pbs2p.generate.Generation;

/// A text that a model wrote.
///
/// @param text all of it
/// @param generation its tokens, why it ended, and what it cost
public record Completion(String text, Generation generation) {}
