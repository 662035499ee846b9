package dev.pbs2p.cli;

import dev.pbs2p.data.Texts;
import java.nio.file.Path;

/// Reads the text that an option names.
final class TextInput {

    static final String DESCRIPTION = "A text (UTF-8), or its records in .jsonl, .json.gz or .parquet with \"text\" or"
            + " \"sentence\"; - for standard input.";

    private TextInput() {}

    /// @param most characters, of which more are left away
    static Texts read(Path file, int most) {
        return file.toString().equals("-") ? Texts.read(System.in, "standard input", most) : Texts.read(file, most);
    }
}
