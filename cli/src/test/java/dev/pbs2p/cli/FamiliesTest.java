package dev.pbs2p.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pbs2p.cli.chat.Session;
import dev.pbs2p.generate.SamplingOptions;
import dev.pbs2p.model.LanguageModel;
import dev.pbs2p.model.TinyFamily;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Every model family on its whole way: compressed from a directory, measured, and talked to.
class FamiliesTest {

    @TempDir
    Path folder;

    @ParameterizedTest
    @EnumSource
    void compressesEvaluatesAndChats(TinyFamily family) throws IOException {
        Path model = family.write(folder.resolve("model"));
        Path packed = folder.resolve("model.pbs2p");
        Path text = Files.writeString(folder.resolve("text.txt"), "It will rain before evening, he said. ".repeat(30));
        Cli.Result made =
                Cli.run("compress", model, "-o", packed, "--calibration", text, "--windows", 4, "--window", 32);
        assertEquals(0, made.code(), made.err());

        Cli.Result measured = Cli.run("eval", "ppl", packed, "--text", text, "--limit", 3, "--json");
        assertEquals(0, measured.code(), measured.err());
        JsonNode figures = JsonMapper.shared().readTree(measured.out());
        assertTrue(Double.isFinite(figures.get("perplexity").doubleValue()), measured.out());

        try (LanguageModel open = LanguageModel.open(packed)) {
            ModelSession chat = new ModelSession(open, SamplingOptions.GREEDY);
            StringBuilder said = new StringBuilder();
            Session.Reply reply = chat.answer("It will rain", said::append, () -> false);
            assertTrue(reply.generated() > 0 && !said.isEmpty(), reply.toString());
        }
    }
}
