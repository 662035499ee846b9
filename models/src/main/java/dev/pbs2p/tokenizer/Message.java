package dev.pbs2p.tokenizer;

/// One message of a conversation.
///
/// @param role `system`, `user` or `assistant`; a template may know more
/// @param content the text
public record Message(String role, String content) {

    /// What the model is told before the conversation.
    public static Message system(String content) {
        return new Message("system", content);
    }

    /// What the person says.
    public static Message user(String content) {
        return new Message("user", content);
    }

    /// What the model says.
    public static Message assistant(String content) {
        return new Message("assistant", content);
    }
}
