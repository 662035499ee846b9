package dev.pbs2p.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/// Where the native library goes, and what is said when it cannot: in a process of its own, for it loads only once.
@EnabledOnOs(OS.LINUX)
final class NativeTokenizersTest {

    /// Opens the demo tokenizer, or says why not.
    public static void main(String[] args) {
        try (Tokenizer tokenizer = Tokenizer.of(SideFiles.demo())) {
            System.out.println(tokenizer.encode("Hello, world!", false).length);
        } catch (IllegalStateException e) {
            System.out.println(e.getMessage());
        }
    }

    private static String run(Path cache, Path home) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "--enable-native-access=ALL-UNNAMED",
                "-Duser.home=" + home,
                "-cp",
                System.getProperty("java.class.path"),
                NativeTokenizersTest.class.getName());
        builder.environment().put("XDG_CACHE_HOME", cache.toString());
        Process process = builder.redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), output);
        return output.strip();
    }

    @Test
    void theLibraryIsUnpackedIntoTheUsersCacheAlone(@TempDir Path folder) throws IOException, InterruptedException {
        Path home = Files.createDirectory(folder.resolve("home"));
        assertEquals("6", run(folder.resolve("cache"), home));
        try (var files = Files.walk(folder)) {
            List<String> names = files.filter(Files::isRegularFile)
                    .map(file -> folder.relativize(file).toString())
                    .toList();
            assertEquals(1, names.size(), names.toString());
            assertTrue(names.getFirst().matches("cache/pbs2p/tokenizers-[^/]*/libtokenizers\\.so"), names.toString());
        }
    }

    @Test
    void aCacheThatCannotBeWrittenIsOneSentence(@TempDir Path folder) throws IOException, InterruptedException {
        Path file = Files.createFile(folder.resolve("file"));
        String said = run(file, folder);
        assertTrue(said.startsWith("the tokenizer library cannot be loaded on linux-"), said);
        assertTrue(said.contains(file.toString()) && said.lines().count() == 1, said);
    }
}
