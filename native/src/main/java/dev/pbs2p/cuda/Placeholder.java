package dev.pbs2p.cuda;

final class Placeholder {}
