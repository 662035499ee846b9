package dev.pbs2p.hub;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pbs2p.model.TinyLlama;
import dev.pbs2p.tensor.Checkpoint;
import dev.pbs2p.weights.Checkpoints;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HubTest {

    private static final HubName TINY = new HubName("org", "tiny");

    @TempDir
    Path folder;

    private final FakeHub hub = new FakeHub();
    private final List<String> heard = new ArrayList<>();
    private byte[] weights;

    @BeforeEach
    void model() throws IOException {
        Path directory = TinyLlama.standard().write(folder.resolve("model"));
        weights = Files.readAllBytes(directory.resolve("model.safetensors"));
        hub.with("README.md", "not needed".getBytes())
                .with("config.json", Files.readAllBytes(directory.resolve("config.json")))
                .with("pytorch_model.bin", new byte[2000])
                .with("consolidated.safetensors", new byte[2000])
                .with("model.safetensors", weights);
    }

    @AfterEach
    void stop() {
        hub.close();
    }

    private Path cache() {
        return folder.resolve("cache");
    }

    private Hub hub(FakeHub fake, String token, Duration patience) {
        return new Hub(fake.settings(cache(), token), Duration.ofMillis(1), patience);
    }

    private Hub.Pulled pull(String revision, String token) throws IOException {
        return hub(hub, token, Duration.ofMinutes(1)).pull(TINY, revision, new Hub.Listener() {
            @Override
            public void planned(int files, long bytes, long missing, long free) {
                heard.add(files + " files, " + bytes + " bytes, " + missing + " missing");
                assertTrue(free > 0);
            }

            @Override
            public void fetched(String file, long fetched, long missing) {
                heard.add(file + " " + fetched + "/" + missing);
            }
        });
    }

    private Hub.Pulled pull() throws IOException {
        return pull("main", "");
    }

    private Path part() {
        return cache().resolve("models--org--tiny/blobs/" + FakeHub.digest("SHA-256", "", weights) + ".part");
    }

    @Test
    void aPulledModelLiesInTheSharedCacheAndIsNotFetchedAgain() throws IOException {
        Hub.Pulled pulled = pull();
        Path home = cache().resolve("models--org--tiny");
        assertEquals(home.resolve("snapshots").resolve(FakeHub.COMMIT), pulled.directory());
        assertEquals(FakeHub.COMMIT, Files.readString(home.resolve("refs/main")));
        Path link = pulled.directory().resolve("model.safetensors");
        assertEquals(Path.of("../../blobs", FakeHub.digest("SHA-256", "", weights)), Files.readSymbolicLink(link));
        assertArrayEquals(weights, Files.readAllBytes(link));
        try (var all = Files.list(pulled.directory())) {
            assertEquals(
                    List.of("config.json", "model.safetensors"),
                    all.map(file -> file.getFileName().toString()).sorted().toList());
        }
        try (Checkpoint checkpoint = Checkpoints.open(pulled.directory())) {
            assertEquals(TinyLlama.standard().shapes().keySet(), checkpoint.names());
        }
        assertEquals(pulled.bytes(), pulled.fetched());
        assertEquals("2 files, %d bytes, %d missing".formatted(pulled.bytes(), pulled.bytes()), heard.getFirst());
        assertEquals("model.safetensors %d/%d".formatted(pulled.bytes(), pulled.bytes()), heard.getLast());
        hub.requests.clear();
        assertEquals(0, pull().fetched());
        assertEquals(1, hub.requests.size(), "only the list");
        assertEquals(Optional.of(pulled.directory()), new HubCache(cache()).snapshot(TINY, "main"));
        assertEquals(Optional.empty(), new HubCache(cache()).snapshot(TINY, "other"));
    }

    @Test
    void otherRevisionsAreKeptByName() throws IOException {
        Hub.Pulled pulled = pull("a/b", "");
        assertTrue(hub.requests.getFirst().startsWith("hub/api/models/org/tiny/revision/a%2Fb?blobs=true"));
        assertEquals(Optional.of(pulled.directory()), new HubCache(cache()).snapshot(TINY, "a/b"));
        for (String bad : List.of("", "../x", "/x", "a..b", "-x")) {
            assertThrows(IllegalArgumentException.class, () -> pull(bad, ""), bad);
        }
    }

    @Test
    void droppedConnectionsAreGoneOnWith() throws IOException {
        hub.drops = 8; // more than may fail in a row: each brings something
        Hub.Pulled pulled = pull();
        assertArrayEquals(weights, Files.readAllBytes(pulled.directory().resolve("model.safetensors")));
        List<String> sent = hub.requests("store");
        assertEquals(9, sent.size());
        assertTrue(sent.get(8).contains("range=bytes=5600-"), sent.get(8));
    }

    @Test
    void aFailedPullGoesOnWhereItWas() throws IOException {
        hub.dropAfter = 2000;
        hub.drops = 1;
        hub.redirectTo = "";
        pullUntilNothingComes();
        assertEquals(2000, Files.size(part()));
        assertEquals(Optional.empty(), new HubCache(cache()).snapshot(TINY, "main"));
        hub.requests.clear();
        hub.drops = 0;
        assertEquals(weights.length - 2000, pull().fetched());
        assertTrue(hub.requests("store").getFirst().contains("range=bytes=2000-"), hub.requests.toString());
        assertFalse(Files.exists(part()));
    }

    private void pullUntilNothingComes() {
        IOException e = assertThrows(IOException.class, () -> {
            hub(hub, "", Duration.ofMinutes(1)).pull(TINY, "main", new Hub.Listener() {
                @Override
                public void planned(int files, long bytes, long missing, long free) {}

                @Override
                public void fetched(String file, long fetched, long missing) {
                    if (file.equals("model.safetensors")) {
                        hub.dropAfter = 0;
                        hub.drops = 100;
                    }
                }
            });
        });
        assertTrue(e.getMessage().contains("the same command goes on from there"), e.getMessage());
    }

    @Test
    void aConnectionThatBringsNothingIsGivenUp() throws IOException {
        hub.silence = true;
        hub.drops = 1;
        Hub.Pulled pulled = hub(hub, "", Duration.ofMillis(500)).pull(TINY, "main", SILENT);
        assertArrayEquals(weights, Files.readAllBytes(pulled.directory().resolve("model.safetensors")));
        assertTrue(hub.requests("store").getLast().contains("range=bytes=700-"), hub.requests.toString());
    }

    @Test
    void aServerThatKnowsNoRangesIsReadAnew() throws IOException {
        hub.ranges = false;
        hub.drops = 2;
        Hub.Pulled pulled = pull();
        assertArrayEquals(weights, Files.readAllBytes(pulled.directory().resolve("model.safetensors")));
        assertEquals("model.safetensors %d/%d".formatted(pulled.bytes(), pulled.bytes()), heard.getLast());
    }

    @Test
    void wrongBytesAreRefusedAndDeleted() throws IOException {
        hub.wrongBytes = true;
        assertSays("does not have the checksum " + FakeHub.digest("SHA-256", "", weights), "");
        assertFalse(Files.exists(part()));
        assertEquals(Optional.empty(), new HubCache(cache()).snapshot(TINY, "main"));
        hub.wrongBytes = false;
        pull();
    }

    @Test
    void aWrongPartIsFoundOutToo() throws IOException {
        Files.createDirectories(part().getParent());
        Files.write(part(), new byte[500]);
        assertSays("does not have the checksum", "");
        pull();
    }

    @Test
    void theTokenIsShownToTheHubAlone() throws IOException {
        hub.tokenNeeded = "secret";
        assertSays("it is private, needs an agreement or does not exist; set HF_TOKEN", "");
        assertSays("does not show org/tiny with this HF_TOKEN", "other");
        hub.requests.clear();
        pull("main", "secret");
        assertEquals(3, hub.requests("hub").size());
        assertTrue(hub.requests("hub").stream().allMatch(request -> request.endsWith("token=Bearer secret")));
        assertEquals(1, hub.requests("store").size());
        assertTrue(hub.requests("store").getFirst().endsWith("token=null"), "the store is another server");
        assertFalse(hub.settings(cache(), "secret").toString().contains("secret"));
    }

    private void assertSays(String said, String token) {
        RuntimeException e = assertThrows(RuntimeException.class, () -> pull("main", token));
        assertTrue(e.getMessage().contains(said), e.getMessage());
        assertFalse(e.getMessage().contains("secret"), e.getMessage());
    }

    @Test
    void whatCannotBePulledIsSaid() {
        RuntimeException e = assertThrows(IllegalArgumentException.class, () -> pull("none", ""));
        assertTrue(e.getMessage().startsWith("there is no org/tiny (revision none) on 127.0.0.1"), e.getMessage());
        hub.redirectTo = "file:///etc/passwd";
        assertSays("which is not followed", "");
        hub.redirectTo = "/org/tiny/resolve/" + FakeHub.COMMIT + "/model.safetensors";
        assertSays("sends on more than 10 times", "");
        hub.listing = "<html>";
        assertSays("does not answer with JSON", "");
        hub.listing = "{}";
        assertSays("does not tell the commit", "");
        hub.listing = "{\"sha\": \"" + FakeHub.COMMIT + "\", \"siblings\": [{\"rfilename\": \"model.safetensors\"}]}";
        assertSays("does not tell the size and checksum of model.safetensors", "");
    }

    private void list(String name, long size) {
        hub.listing = "{\"sha\": \"%s\", \"siblings\": [{\"rfilename\": \"%s\", \"size\": %d, \"blobId\": \"%s\"}]}"
                .formatted(FakeHub.COMMIT, name, size, "0".repeat(40));
    }

    @Test
    void whatDoesNotFitIsNotBegun() {
        list("model.safetensors", 1L << 60);
        assertSays("org/tiny needs 1152921504606846976 more bytes", "");
        assertEquals(1, hub.requests.size());
        assertFalse(Files.exists(cache()));
    }

    @Test
    void namesThatLeadElsewhereAreNoWeights() {
        for (String name : List.of("../../model.safetensors", "a/model.safetensors", "x.gguf")) {
            list(name, 10);
            assertSays("has neither safetensors nor pytorch_model.bin", "");
        }
    }

    @Test
    void moreBytesThanAnnouncedAreRefused() {
        list("model.safetensors", 1000);
        assertSays("sends more than the 1000 bytes", "");
    }

    @Test
    void pyTorchsFilesAreTakenWhereNoSafetensorsAre() throws IOException {
        try (FakeHub other = new FakeHub()) {
            other.with("config.json", "{}".getBytes())
                    .with("pytorch_model-00001-of-00002.bin", new byte[1500])
                    .with("pytorch_model-00002-of-00002.bin", new byte[1200])
                    .with("pytorch_model.bin.index.json", "{}".getBytes())
                    .with("training_args.bin", new byte[5]);
            Hub.Pulled pulled = hub(other, "", Duration.ofMinutes(1)).pull(TINY, "main", SILENT);
            assertEquals(4, pulled.files());
        }
    }

    private static final Hub.Listener SILENT = new Hub.Listener() {
        @Override
        public void planned(int files, long bytes, long missing, long free) {}

        @Override
        public void fetched(String file, long fetched, long missing) {}
    };

    @Test
    void namesOfModels() {
        assertEquals(Optional.of(new HubName("meta-llama", "Llama-2-7b.hf")), HubName.of("meta-llama/Llama-2-7b.hf"));
        for (String bad : List.of("", "a", "a/b/c", "../b", "a/..", "/a", "a/b?c", "a/b--c")) {
            assertEquals(Optional.empty(), HubName.of(bad), bad);
        }
    }

    @Test
    void theEnvironmentSaysWhereAndAsWhom() {
        HubSettings plain = HubSettings.of(Map.of("HF_TOKEN", " "));
        assertEquals("https://huggingface.co", plain.endpoint().toString());
        assertEquals(Optional.empty(), plain.token());
        assertTrue(plain.cache().endsWith(Path.of(".cache/huggingface/hub")));
        HubSettings set = HubSettings.of(Map.of(
                "HF_ENDPOINT", "http://localhost:80/", "HF_HOME", "/h", "HF_TOKEN", "t", "XDG_CACHE_HOME", "/x"));
        assertEquals("http://localhost:80", set.endpoint().toString());
        assertEquals(Optional.of("t"), set.token());
        assertEquals(Path.of("/h/hub"), set.cache());
        assertEquals(
                Path.of("/c"),
                HubSettings.of(Map.of("HF_HUB_CACHE", "/c", "HF_HOME", "/h")).cache());
        assertThrows(IllegalArgumentException.class, () -> HubSettings.of(Map.of("HF_ENDPOINT", "ftp://x")));
    }
}
