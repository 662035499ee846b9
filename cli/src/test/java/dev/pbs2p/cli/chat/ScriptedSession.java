package dev.pbs2p.cli.chat;

import dev.pbs2p.tokenizer.Message;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/// Answers with the question's words one by one, after `beforeWord` has run.
class ScriptedSession implements Session {

    final List<Message> messages = new ArrayList<>();
    final Map<String, String> settings = new TreeMap<>(Map.of("temperature", "0.8"));
    Runnable beforeWord = () -> {};
    private String system;

    @Override
    public List<String> banner() {
        return List.of("scripted model");
    }

    @Override
    public Reply answer(String text, Consumer<String> onPiece, BooleanSupplier stop) {
        if (text.equals("too long")) {
            throw new IllegalArgumentException("the conversation no longer fits");
        }
        messages.add(new Message("user", text));
        StringBuilder said = new StringBuilder();
        int words = 0;
        for (String word : text.split(" ")) {
            beforeWord.run();
            if (stop.getAsBoolean()) {
                break;
            }
            String piece = words++ == 0 ? word : " " + word;
            said.append(piece);
            onPiece.accept(piece);
        }
        messages.add(new Message("assistant", said.toString()));
        return new Reply(5, words, 12, 34.5, 40, 512, stop.getAsBoolean());
    }

    @Override
    public void reset() {
        messages.clear();
    }

    @Override
    public String system() {
        return system;
    }

    @Override
    public void system(String text) {
        system = text;
    }

    @Override
    public Map<String, String> settings() {
        return settings;
    }

    @Override
    public void set(String name, String value) {
        if (!settings.containsKey(name)) {
            throw new IllegalArgumentException("there is no setting " + name);
        }
        settings.put(name, value);
    }

    @Override
    public List<Message> messages() {
        return messages;
    }

    @Override
    public void restore(List<Message> saved) {
        messages.clear();
        messages.addAll(saved);
    }
}
