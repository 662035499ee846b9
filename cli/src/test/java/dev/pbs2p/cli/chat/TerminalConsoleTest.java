package dev.pbs2p.cli.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pbs2p.tokenizer.Message;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jline.terminal.impl.LineDisciplineTerminal;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The chat on a terminal whose keys are pressed by the test.
@Timeout(20)
class TerminalConsoleTest {

    private static final int CTRL_C = 3;
    private static final String CTRL_D = "\004";

    private final ByteArrayOutputStream screen = new ByteArrayOutputStream();
    private final ScriptedSession session = new ScriptedSession();

    @TempDir
    private Path folder;

    private LineDisciplineTerminal terminal;

    @BeforeEach
    void open() throws IOException {
        terminal = new LineDisciplineTerminal("test", "xterm", screen, StandardCharsets.UTF_8);
    }

    private String chat(String keys) throws IOException {
        terminal.processInputBytes(keys.getBytes(StandardCharsets.UTF_8));
        try (TerminalConsole console = new TerminalConsole(terminal, folder.resolve("history"))) {
            new Repl(session, console, "demo").run();
        }
        return screen.toString(StandardCharsets.UTF_8);
    }

    @Test
    void streamsTheAnswerAndItsCost() throws IOException {
        String shown = chat("hello there\r" + CTRL_D);
        assertEquals("hello there", session.messages.get(0).content());
        assertTrue(shown.contains("[2 tokens, 34.5/s;"), shown);
    }

    @Test
    void ctrlDEndsTheChat() throws IOException {
        chat(CTRL_D);
        assertTrue(session.messages.isEmpty());
    }

    @Test
    void ctrlCStopsTheAnswerAndKeepsTheConversation() throws IOException {
        session.beforeWord = () -> {
            if (screen.toString(StandardCharsets.UTF_8).contains("\u001b[2m")) {
                press(CTRL_C);
            }
        };
        String shown = chat("one two three\rfour\r" + CTRL_D);
        assertTrue(shown.contains("[stopped; 0 tokens"), shown);
        assertEquals(
                List.of("one two three", "", "four", ""),
                session.messages.stream().map(Message::content).toList());
    }

    @Test
    void linesAreJoined() throws IOException {
        chat("\"\"\"one\rtwo\"\"\"\rthree\\\rfour\r" + CTRL_D);
        assertEquals("one\ntwo", session.messages.get(0).content());
        assertEquals("three\nfour", session.messages.get(2).content());
    }

    @Test
    void quotesBackslashesAndExclamationMarksAreText() throws IOException {
        chat("say \"hi!\" to 'C:\\x'!!\r" + CTRL_D);
        assertEquals("say \"hi!\" to 'C:\\x'!!", session.messages.get(0).content());
    }

    @Test
    void commandsAreCompleted() throws IOException {
        session.messages.add(new Message("user", "old"));
        chat("/res\t\r" + CTRL_D);
        assertTrue(session.messages.isEmpty());
    }

    @Test
    void historyIsKept() throws IOException {
        chat("remember me\r" + CTRL_D);
        assertTrue(Files.readString(folder.resolve("history")).contains("remember me"));
    }

    private void press(int key) {
        try {
            terminal.processInputByte(key);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
