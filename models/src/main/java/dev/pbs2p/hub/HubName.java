package dev.pbs2p.hub;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The name of a model on a hub, as `meta-llama/Llama-2-7b-hf`.
public record HubName(String organization, String name) {

    private static final Pattern SHAPE = Pattern.compile("(\\w[\\w.-]*)/(\\w[\\w.-]*)");

    /// The name that a text is, if it could be one.
    public static Optional<HubName> of(String text) {
        Matcher matcher = SHAPE.matcher(text);
        return matcher.matches() && !text.contains("..") && !text.contains("--")
                ? Optional.of(new HubName(matcher.group(1), matcher.group(2)))
                : Optional.empty();
    }

    @Override
    public String toString() {
        return organization + "/" + name;
    }
}
