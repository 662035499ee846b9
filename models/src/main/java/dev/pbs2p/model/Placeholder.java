package dev.pbs2p.model;

final class Placeholder {}
