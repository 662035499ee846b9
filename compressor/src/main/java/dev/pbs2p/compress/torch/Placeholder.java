package dev.pbs2p.compress.torch;

final class Placeholder {}
