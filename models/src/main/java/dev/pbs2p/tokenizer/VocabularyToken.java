package dev.pbs2p.tokenizer;

import java.util.List;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// One entry of a vocabulary; its id is its place.
///
/// @param score the higher, the sooner two pieces join into it; means nothing where merges are listed
public record VocabularyToken(String text, float score, Kind kind) {

    /// What a token is for, in the numbering that SentencePiece and GGUF share, from 1 on.
    public enum Kind {
        NORMAL,
        UNKNOWN,
        CONTROL,
        USER_DEFINED,
        UNUSED,
        BYTE;

        /// The kind of a number; one that does not exist is taken for [#NORMAL].
        public static Kind of(int number) {
            return number < 1 || number > values().length ? NORMAL : values()[number - 1];
        }
    }

    /// Writes a vocabulary into a `tokenizer.json`: ids by text, and the tokens that are found in a text before
    /// anything else is.
    static void write(List<VocabularyToken> tokens, ArrayNode added, ObjectNode vocabulary) {
        for (int id = 0; id < tokens.size(); id++) {
            VocabularyToken token = tokens.get(id);
            vocabulary.put(token.text(), id);
            switch (token.kind()) {
                case UNKNOWN, CONTROL, USER_DEFINED ->
                    added.addObject()
                            .put("id", id)
                            .put("content", token.text())
                            .put("single_word", false)
                            .put("lstrip", false)
                            .put("rstrip", false)
                            .put("normalized", false)
                            .put("special", token.kind() != Kind.USER_DEFINED);
                case NORMAL, UNUSED, BYTE -> {}
            }
        }
    }
}
