package dev.pbs2p.cli.chat;

import dev.pbs2p.tokenizer.Message;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// One conversation with a model, as the REPL sees it.
public interface Session {

    /// One line each for people: the model, the kernels, how the chat works.
    List<String> banner();

    /// Answers `text`, piece by piece, until the model ends or `stop` says so (also while the prompt is read). What was
    /// said so far stays part of the conversation either way.
    ///
    /// @throws IllegalArgumentException if the conversation no longer fits the model's context
    Reply answer(String text, Consumer<String> onPiece, BooleanSupplier stop);

    /// Forgets all messages; keeps the system prompt and the settings.
    void reset();

    /// The system prompt; null for none.
    @Nullable
    String system();

    /// Replaces the system prompt and resets the conversation.
    ///
    /// @throws IllegalArgumentException if the model has no chat template, hence no system prompt
    void system(@Nullable String text);

    /// Names and values of what `/set` may change.
    Map<String, String> settings();

    /// Changes a setting.
    ///
    /// @throws IllegalArgumentException if there is no such setting or it cannot have that value
    void set(String name, String value);

    /// The messages so far, system prompt included.
    List<Message> messages();

    /// Replaces the conversation.
    void restore(List<Message> messages);

    /// What an answer cost.
    ///
    /// @param prompt tokens that were read for it; what earlier messages left in the cache is not read again
    /// @param generated tokens of the answer
    /// @param firstTokenMillis from the question to the first token
    /// @param tokensPerSecond of the tokens after the first
    /// @param contextUsed tokens of the conversation
    /// @param context most tokens it can have
    /// @param stopped whether it was interrupted
    record Reply(
            int prompt,
            int generated,
            double firstTokenMillis,
            double tokensPerSecond,
            int contextUsed,
            int context,
            boolean stopped) {}
}
