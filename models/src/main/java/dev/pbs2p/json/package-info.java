/// JSON as a tree, read without what the library's mapper needs.
package dev.pbs2p.json;
