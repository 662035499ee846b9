package dev.pbs2p.hub;

import java.net.URI;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/// Which hub, as whom, and where its files are kept: by the environment variables of Hugging Face's own tools.
///
/// @param endpoint where the hub is
/// @param token who asks; shown to the endpoint alone
/// @param cache the folder with a folder for each model
public record HubSettings(URI endpoint, Optional<String> token, Path cache) {

    /// From `HF_ENDPOINT`, `HF_TOKEN`, and `HF_HUB_CACHE`, `HF_HOME` or `XDG_CACHE_HOME`.
    ///
    /// @throws IllegalArgumentException if the endpoint is no address
    public static HubSettings of(Map<String, String> environment) {
        String endpoint = set(environment, "HF_ENDPOINT").orElse("https://huggingface.co");
        if (!endpoint.matches("https?://.+")) {
            throw new IllegalArgumentException("HF_ENDPOINT is " + endpoint + ", but must begin with https://");
        }
        return new HubSettings(
                URI.create(endpoint.replaceAll("/+$", "")), set(environment, "HF_TOKEN"), cache(environment));
    }

    private static Path cache(Map<String, String> environment) {
        Path caches = set(environment, "XDG_CACHE_HOME")
                .map(Path::of)
                .orElseGet(() -> Path.of(System.getProperty("user.home", "."), ".cache"));
        Path home = set(environment, "HF_HOME").map(Path::of).orElse(caches.resolve("huggingface"));
        return set(environment, "HF_HUB_CACHE").map(Path::of).orElse(home.resolve("hub"));
    }

    private static Optional<String> set(Map<String, String> environment, String name) {
        return Optional.ofNullable(environment.get(name)).map(String::strip).filter(value -> !value.isEmpty());
    }

    @Override
    public String toString() {
        return endpoint + " with cache " + cache; // never the token
    }
}
