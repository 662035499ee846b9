package dev.pbs2p.tokenizer;

import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import dev.pbs2p.hub.UserCache;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Locale;

/// Loads the Hugging Face tokenizers, native code that its jar carries for each platform.
///
/// The jar's own loader looks for CUDA, writes to the home directory and may download; this one only unpacks the
/// library into the user's cache directory and loads it from there.
final class NativeTokenizers {

    private static boolean loaded;

    private NativeTokenizers() {}

    /// The library, loaded on first use.
    ///
    /// @throws IllegalStateException if this machine cannot load it; the message is one sentence that says why
    static synchronized TokenizersLibrary library() {
        if (!loaded) {
            try {
                load(platform());
                loaded = true;
            } catch (IOException | LinkageError e) {
                throw new IllegalStateException(
                        "the tokenizer library cannot be loaded on " + platform() + " (" + reason(e)
                                + "): it needs Linux with glibc (x86_64, aarch64), macOS (aarch64) or Windows (x86_64),"
                                + " and a cache directory that can be written and run from, here "
                                + UserCache.directory(),
                        e);
            }
        }
        return TokenizersLibrary.LIB;
    }

    @SuppressWarnings("restricted") // native code is what this class is for
    private static void load(String platform) throws IOException {
        Path directory = UserCache.directory().resolve("tokenizers-" + version() + "-" + platform);
        for (String name : libraries(platform)) {
            System.load(unpack(platform, name, directory).toString());
        }
    }

    /// The files of a platform in the order in which they must be loaded.
    private static List<String> libraries(String platform) {
        String main = System.mapLibraryName("tokenizers");
        return platform.startsWith("win")
                ? List.of("libwinpthread-1.dll", "libgcc_s_seh-1.dll", "libstdc++-6.dll", main)
                : List.of(main);
    }

    private static Path unpack(String platform, String name, Path directory) throws IOException {
        Path target = directory.resolve(name).toAbsolutePath();
        if (Files.exists(target)) {
            return target;
        }
        String resource = "/native/lib/" + platform + "/cpu/" + name;
        try (InputStream in = TokenizersLibrary.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new NoSuchFileException(resource, null, "not in the tokenizers jar");
            }
            Files.createDirectories(directory);
            // Whole or not at all: another process may be unpacking, or this one may be killed.
            Path part = Files.createTempFile(directory, name, ".part");
            try {
                Files.copy(in, part, StandardCopyOption.REPLACE_EXISTING);
                Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
            } finally {
                Files.deleteIfExists(part);
            }
        }
        return target;
    }

    /// The library's version, so that an update never meets an older unpacked file. It is read from the jar that the
    /// library's classes come from: to look a resource up would open the jars before it too.
    private static String version() throws IOException {
        String jar = TokenizersLibrary.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toString();
        URL properties =
                URI.create("jar:" + jar + "!/native/lib/tokenizers.properties").toURL();
        try (InputStream in = properties.openStream()) {
            String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            return text.replaceAll("(?s).*version=(\\S+).*", "$1");
        }
    }

    private static String platform() {
        String os = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
        String arch = System.getProperty("os.arch", "").toLowerCase(Locale.ROOT);
        String family = os.startsWith("win") ? "win" : os.startsWith("mac") ? "osx" : os;
        return family + "-" + (arch.equals("amd64") ? "x86_64" : arch);
    }

    private static String reason(Throwable failure) {
        String message = failure.getMessage();
        String kind = failure instanceof IOException ? failure.getClass().getSimpleName() + ": " : "";
        return kind
                + (message == null
                        ? failure.getClass().getSimpleName()
                        : message.lines().findFirst().orElse(""));
    }
}
