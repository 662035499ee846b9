/// The interactive chat: [dev.pbs2p.cli.chat.Repl] reads lines and commands from a [dev.pbs2p.cli.chat.LineConsole]
/// and talks to a [dev.pbs2p.cli.chat.Session].
package dev.pbs2p.cli.chat;
