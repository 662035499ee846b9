package dev.pbs2p.eval;

final class Placeholder {}
