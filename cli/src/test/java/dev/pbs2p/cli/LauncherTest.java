package dev.pbs2p.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The launcher as a process, in a copy of the top folder where `mvnw` is a stub that "builds" the class path of this
/// test.
class LauncherTest {

    private static final String BUILDING = "pbs2p: building (first use takes a few minutes and downloads about 200 MB)";

    @TempDir
    private Path root;

    private final Map<String, String> environment =
            new HashMap<>(Map.of("JAVA_HOME", System.getProperty("java.home"), "PATH", System.getenv("PATH")));

    @BeforeEach
    void copyTheTopFolder() throws IOException {
        assumeFalse(System.getProperty("os.name").startsWith("Windows"), "needs a shell");
        Path project = Path.of("..").toAbsolutePath().normalize();
        Files.createDirectories(root.resolve(".mvn"));
        Files.createDirectories(root.resolve("cli/src/main"));
        Files.copy(project.resolve("pbs2p"), root.resolve("pbs2p"));
        Files.copy(project.resolve("mvnw"), root.resolve("real-mvnw"));
        Files.copy(project.resolve(".mvn/find-jdk.sh"), root.resolve(".mvn/find-jdk.sh"));
        Files.writeString(root.resolve("pom.xml"), "");
        Files.writeString(root.resolve("built-classpath"), System.getProperty("java.class.path"));
        stub("cp \"$(dirname \"$0\")/built-classpath\" \"$(dirname \"$0\")/cli/target/classpath\"");
    }

    @Test
    void buildsOnceWithOneLine() throws Exception {
        Result first = run(root.resolve("pbs2p"), "--version");
        assertEquals(0, first.code, first.err);
        assertEquals(BUILDING + " ... done\n", first.err);
        assertTrue(first.out.startsWith("pbs2p "), first.out);

        Result second = run(root.resolve("pbs2p"), "--version");
        assertEquals("", second.err);
        assertEquals(first.out, second.out);
    }

    /// Nothing can be loaded from an empty folder: it does without an archive of classes, and does not try again.
    @Test
    void triesOnceToMakeLaterStartsFaster() throws Exception {
        run(root.resolve("pbs2p"), "--version");
        Files.createDirectories(root.resolve("models/demo"));
        Result second = run(root.resolve("pbs2p"), "--version");
        assertEquals(0, second.code, second.err);
        assertEquals("pbs2p: making later starts faster ... done\n", second.err);
        assertEquals("", run(root.resolve("pbs2p"), "--version").err);
    }

    @Test
    void buildsAgainWhenASourceIsNewer() throws Exception {
        run(root.resolve("pbs2p"), "--version");
        Path source = Files.writeString(root.resolve("cli/src/main/New.java"), "");
        Files.setLastModifiedTime(source, FileTime.from(Instant.now().plusSeconds(10)));
        assertTrue(run(root.resolve("pbs2p"), "--version").err.startsWith(BUILDING));
    }

    @Test
    void showsTheLogOfABuildThatFailed() throws Exception {
        stub("echo something is wrong; exit 1");
        Result result = run(root.resolve("pbs2p"), "--version");
        assertEquals(1, result.code);
        assertEquals(BUILDING + " ... failed:\nsomething is wrong\n", result.err);
    }

    @Test
    void worksThroughSymbolicLinksFromAnywhere() throws Exception {
        Path bin = Files.createDirectories(root.resolve("some where/bin"));
        Files.createSymbolicLink(bin.resolve("one"), Path.of("../../pbs2p"));
        Files.createSymbolicLink(bin.resolve("two"), bin.resolve("one"));
        assertEquals(0, run(bin.resolve("two"), "--version").code);
    }

    @Test
    void findsTheJdkInPath() throws Exception {
        environment.put("JAVA_HOME", "/nonexistent");
        environment.put("PATH", System.getProperty("java.home") + "/bin:" + System.getenv("PATH"));
        assertEquals(0, run(root.resolve("pbs2p"), "--version").code);
    }

    @Test
    void withoutAJdkItSaysSoInOneSentence() throws Exception {
        Path old = Files.createDirectories(root.resolve("jdk-17/bin")).getParent();
        Files.writeString(old.resolve("release"), "JAVA_VERSION=\"17.0.15\"\n");
        Files.createFile(old.resolve("bin/javac")).toFile().setExecutable(true);
        environment.put("JAVA_HOME", old.toString());
        // The usual folders of this machine must not be found: give the script a shorter list.
        Path finder = root.resolve(".mvn/find-jdk.sh");
        Files.writeString(
                finder, Files.readString(finder).replaceAll("for home in [^;]*;", "for home in /nonexistent/*;"));
        environment.put("PATH", "/usr/bin:/bin");
        Result result = run(root.resolve("pbs2p"), "--version");
        assumeTrue(result.code != 0, "/usr/bin/javac itself is new enough");
        assertEquals(1, result.code);
        assertTrue(result.err.startsWith("pbs2p: no JDK 25 or newer found"), result.err);
        assertEquals(1, result.err.lines().count());
    }

    @Test
    void exitCodeAndStreamsAreTheProgramsOwn() throws Exception {
        run(root.resolve("pbs2p"), "--version");
        Result result = run(root.resolve("pbs2p"), "--no-such-option");
        assertEquals(2, result.code);
        assertEquals("", result.out);
        assertEquals(1, result.err.lines().count(), result.err);
    }

    @Test
    void mavenMissingIsOneSentence() throws Exception {
        Path tools = Files.createDirectories(root.resolve("tools"));
        for (String tool : List.of("dirname", "sed", "readlink")) {
            Files.createSymbolicLink(tools.resolve(tool), find(tool));
        }
        environment.put("PATH", tools.toString());
        environment.put("HOME", root.toString());
        Result result = run(Path.of("/bin/sh"), root.resolve("real-mvnw").toString(), "verify");
        assertEquals(1, result.code);
        assertTrue(result.err.startsWith("mvnw: Maven is not installed"), result.err);
        assertEquals(1, result.err.lines().count());
    }

    private static Path find(String tool) {
        return Path.of("/usr/bin", tool).toFile().exists() ? Path.of("/usr/bin", tool) : Path.of("/bin", tool);
    }

    private void stub(String command) throws IOException {
        Path mvnw = Files.writeString(root.resolve("mvnw"), "#!/bin/sh\n" + command + "\n");
        assertTrue(mvnw.toFile().setExecutable(true));
    }

    private record Result(int code, String out, String err) {}

    private Result run(Path program, String... arguments) throws IOException, InterruptedException {
        List<String> command = new java.util.ArrayList<>(List.of(program.toString()));
        command.addAll(List.of(arguments));
        Path out = Files.createTempFile(root, "out", "");
        Path err = Files.createTempFile(root, "err", "");
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(root.resolve("cli").toFile())
                .redirectInput(ProcessBuilder.Redirect.from(new java.io.File("/dev/null")))
                .redirectOutput(out.toFile())
                .redirectError(err.toFile());
        builder.environment().clear();
        builder.environment().putAll(environment);
        int code = builder.start().waitFor();
        Thread.sleep(100); // the filter of the error stream may outlive the program by a moment
        return new Result(
                code, Files.readString(out, StandardCharsets.UTF_8), Files.readString(err, StandardCharsets.UTF_8));
    }
}
