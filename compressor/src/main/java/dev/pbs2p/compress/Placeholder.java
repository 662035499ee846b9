package dev.pbs2p.compress;

final class Placeholder {}
