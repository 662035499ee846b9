package dev.pbs2p.cli.chat;

import dev.pbs2p.tokenizer.Message;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/// A saved conversation.
///
/// @param model what it was held with
/// @param messages the messages, oldest first
record Transcript(String model, List<Message> messages) {

    private static final List<String> ROLES = List.of("system", "user", "assistant");

    Transcript {
        messages = List.copyOf(messages);
    }

    /// Writes it as JSON; the file is replaced only when the new one is complete.
    void write(Path file) {
        Path part = file.resolveSibling(file.getFileName() + ".part");
        try {
            Files.writeString(
                    part, JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsString(this));
            Files.move(part, file, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new IllegalArgumentException(file + " cannot be written: " + e.getMessage(), e);
        }
    }

    static Transcript read(Path file) {
        try {
            Transcript read = JsonMapper.shared().readValue(Files.readString(file), Transcript.class);
            boolean known = read.messages().stream().allMatch(message -> ROLES.contains(message.role()));
            if (known && read.model() != null) {
                return read;
            }
        } catch (NoSuchFileException e) {
            throw new IllegalArgumentException(file + " does not exist", e);
        } catch (IOException | JacksonException | NullPointerException e) {
            throw new IllegalArgumentException(notSaved(file), e);
        }
        throw new IllegalArgumentException(notSaved(file));
    }

    private static String notSaved(Path file) {
        return file + " is not a conversation saved by /save";
    }
}
