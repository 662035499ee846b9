package dev.pbs2p.fuzz;

import dev.pbs2p.tokenizer.ChatTemplate;
import dev.pbs2p.tokenizer.Message;
import dev.pbs2p.tokenizer.SideFiles;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// Any text as a chat template, or with a brace in front as a whole `tokenizer_config.json`.
public final class TemplateFuzz {

    private TemplateFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) {
        SideFiles files = data.length > 0 && data[0] == '{' && data[data.length - 1] == '}'
                ? new SideFiles().with("tokenizer_config.json", data)
                : new SideFiles().with("chat_template.jinja", new String(data, StandardCharsets.UTF_8));
        // Loops may render each byte of a template ten thousand times.
        FuzzedFile.bounded(data.length, new FuzzedFile.Bound(64, 1_000_000), () -> {
            try {
                ChatTemplate.of(files)
                        .ifPresent(template -> template.render(
                                List.of(Message.system("a"), Message.user("b"), Message.assistant("c")), true));
            } catch (IllegalArgumentException refused) {
                // in the template's own words
            }
        });
    }
}
