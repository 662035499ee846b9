package dev.pbs2p.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What the README shows exists.
class ReadmeTest {

    @TempDir
    private Path folder;

    private final String readme;

    ReadmeTest() throws IOException {
        readme = Files.readString(Path.of("../README.md"));
    }

    @Test
    void javaCompiles() {
        Matcher block = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL).matcher(readme);
        assertTrue(block.find(), "a block of Java");
        String source = "import dev.pbs2p.model.LanguageModel;\nimport java.nio.file.Path;\n"
                + "class Readme {\nvoid run() {\n" + block.group(1) + "}\n}\n";
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StringWriter problems = new StringWriter();
        JavaFileObject file = new SimpleJavaFileObject(URI.create("mem:///Readme.java"), JavaFileObject.Kind.SOURCE) {
            @Override
            public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                return source;
            }
        };
        List<String> options =
                List.of("-proc:none", "-d", folder.toString(), "-cp", System.getProperty("java.class.path"));
        assertTrue(
                compiler.getTask(problems, null, null, options, null, List.of(file))
                        .call(),
                problems::toString);
    }

    @Test
    void everyCommandIsListed() {
        Set<String> commands = new TreeSet<>(Main.commandLine().getSubcommands().keySet());
        commands.remove("generate-completion");
        Set<String> listed = new TreeSet<>();
        Pattern.compile("\\| `pbs2p (\\w+)").matcher(readme).results().forEach(row -> listed.add(row.group(1)));
        assertEquals(commands, listed);
    }
}
