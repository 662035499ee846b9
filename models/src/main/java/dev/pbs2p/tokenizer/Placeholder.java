package dev.pbs2p.tokenizer;

final class Placeholder {}
