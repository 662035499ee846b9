package dev.pbs2p.cli.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pbs2p.tokenizer.Message;
import java.io.BufferedReader;
import java.io.PrintWriter;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Golden transcripts of the chat over plain streams.
class ReplTest {

    private static final String COST = "[%d tokens, 34.5/s; first after 12 ms, 5 read; context 40/512]\n";

    private final ScriptedSession session = new ScriptedSession();
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private void chat(String input) {
        PipeConsole console = new PipeConsole(
                new BufferedReader(new StringReader(input)), new PrintWriter(out), new PrintWriter(err));
        new Repl(session, console, "demo.pbs2p").run();
    }

    @Test
    void answersGoToTheOutputAloneAndCostsToTheErrorStream() {
        chat("hello there\n\nand again my friend\n");
        assertEquals("hello there\nand again my friend\n", out.toString());
        assertEquals("scripted model\n" + COST.formatted(2) + COST.formatted(4), err.toString());
    }

    @Test
    void lastLineNeedsNoNewline() {
        chat("hello");
        assertEquals("hello\n", out.toString());
    }

    @Test
    void joinsLines() {
        chat("one \\\ntwo\n\"\"\"\nthree\nfour\\\n\"\"\"\n");
        assertEquals("one \ntwo", session.messages.get(0).content());
        assertEquals("three\nfour\\", session.messages.get(2).content());
    }

    @Test
    void unfinishedTextOfSeveralLinesEndsWithTheInput() {
        chat("\"\"\"\nthree\nfour");
        assertEquals("three\nfour", session.messages.get(0).content());
    }

    @Test
    void quitEndsTheChat() {
        chat("/quit\nhello\n");
        assertEquals("", out.toString());
    }

    @Test
    void helpNamesEveryCommand() {
        chat("/help\n");
        for (String command : List.of("/help", "/reset", "/system", "/set", "/stats", "/save", "/load", "/quit")) {
            assertTrue(err.toString().contains(command), command);
        }
    }

    @Test
    void mistakesAreOneSentenceAndTheChatGoesOn() {
        chat("/wrong\n/set\n/set top 3\n/set temperature\n/save\n/load nowhere.json\ntoo long\nhello\n");
        assertEquals("""
                scripted model
                there is no command /wrong (/help lists them)
                temperature = 0.8
                there is no setting top
                /set needs a name and a value, as in /set temperature 0.7
                which file? For example: /save talk.json
                nowhere.json does not exist
                the conversation no longer fits
                """ + COST.formatted(1), err.toString());
    }

    @Test
    void changesSettingsAndTheSystemPrompt() {
        chat("/set temperature 0\n/system\n/system Be brief.\n/system -\n");
        assertEquals("0", session.settings.get("temperature"));
        assertEquals("""
                scripted model
                temperature = 0
                There is no system prompt.
                System prompt: Be brief.
                There is no system prompt.
                """, err.toString());
    }

    @Test
    void resetForgetsAndStatsCount() {
        chat("a b\nc d e\n/stats\n/reset\n");
        assertTrue(session.messages.isEmpty());
        assertTrue(err.toString().contains("2 answers, 5 tokens\nlast: " + COST.formatted(3)), err.toString());
    }

    @Test
    void savesAndLoads(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("talk.json");
        chat("hello there\n/save " + file + "\n");
        List<Message> saved = List.copyOf(session.messages);
        session.messages.clear();
        err.getBuffer().setLength(0);
        chat("/load " + file + "\n");
        assertEquals(saved, session.messages);
        assertEquals("scripted model\nuser: hello there\nassistant: hello there\n", err.toString());
        try (var files = Files.list(folder)) {
            assertEquals(List.of(file), files.toList());
        }
    }

    @Test
    void loadsOnlyWhatWasSaved(@TempDir Path folder) throws Exception {
        for (String wrong :
                List.of("", "{", "[]", "{\"model\":\"m\"}", "{\"model\":\"m\",\"messages\":[{\"role\":\"x\"}]}")) {
            Path file = Files.writeString(folder.resolve("wrong.json"), wrong);
            err.getBuffer().setLength(0);
            chat("/load " + file + "\n");
            assertEquals("scripted model\n" + file + " is not a conversation saved by /save\n", err.toString(), wrong);
        }
        assertFalse(err.toString().isEmpty());
    }
}
