package dev.pbs2p.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The Java example of the README compiles and writes a text.
final class ReadmeExampleTest {

    @Test
    void theExampleRuns(@TempDir Path folder) throws IOException, ReflectiveOperationException {
        String readme = Files.readString(SharedFiles.demo().resolve("../../README.md"));
        Matcher example = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL).matcher(readme);
        assertTrue(example.find(), "the README has a Java example");
        String code = example.group(1).replace("\"model.pbs2p\"", "System.getProperty(\"readme.model\")");
        Path source = folder.resolve("Example.java");
        Files.writeString(
                source,
                "import dev.pbs2p.model.*;\nimport java.nio.file.Path;\n"
                        + "public class Example { public static void main(String[] args) {\n" + code + "}}\n");
        ByteArrayOutputStream errors = new ByteArrayOutputStream();
        int status = ToolProvider.getSystemJavaCompiler()
                .run(null, errors, errors, "-cp", System.getProperty("java.class.path"), source.toString());
        assertEquals(0, status, errors.toString(StandardCharsets.UTF_8));

        System.setProperty("readme.model", SharedFiles.demo().toString());
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        PrintStream before = System.out;
        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        try (URLClassLoader loader = new URLClassLoader(
                new URL[] {folder.toUri().toURL()}, Thread.currentThread().getContextClassLoader())) {
            loader.loadClass("Example").getMethod("main", String[].class).invoke(null, (Object) new String[0]);
        } finally {
            System.setOut(before);
        }
        assertTrue(printed.size() > 20, printed.toString(StandardCharsets.UTF_8));
    }
}
