/// Models from a Hugging Face compatible hub, kept in the cache that Hugging Face's own tools share.
package dev.pbs2p.hub;
