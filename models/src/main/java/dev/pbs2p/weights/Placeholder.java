package dev.pbs2p.weights;

final class Placeholder {}
