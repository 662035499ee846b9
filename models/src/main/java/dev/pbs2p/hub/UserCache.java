package dev.pbs2p.hub;

import java.nio.file.Path;
import java.util.Locale;

/// pbs2p's place for what it can make or fetch again.
public final class UserCache {

    private UserCache() {}

    /// pbs2p's directory among the user's caches; it may not exist yet.
    public static Path directory() {
        String os = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
        Path home = Path.of(System.getProperty("user.home", "."));
        String set = System.getenv(os.startsWith("win") ? "LOCALAPPDATA" : "XDG_CACHE_HOME");
        Path base = set != null && !set.isBlank()
                ? Path.of(set)
                : os.startsWith("mac") ? home.resolve("Library/Caches") : home.resolve(".cache");
        return base.resolve("pbs2p");
    }
}
