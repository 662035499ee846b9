package dev.pbs2p.hub;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;

/// A hub with one model, `org/tiny`, and a second server that stores its large files, as Hugging Face has them; both
/// misbehave as told.
public final class FakeHub implements AutoCloseable {

    static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";
    private static final int LARGE = 1000;

    /// Every request: server, path, range and token.
    final List<String> requests = new CopyOnWriteArrayList<>();
    /// A body of the store ends after so many bytes, for the next `drops` requests.
    int dropAfter = 700;
    volatile int drops;
    /// With it, the connection stays open.
    volatile boolean silence;
    volatile boolean wrongBytes;
    volatile boolean ranges = true;
    volatile String tokenNeeded = "";
    volatile String redirectTo = "";
    /// Replaces the answer to the question for files.
    volatile String listing = "";

    private final Map<String, byte[]> files = new LinkedHashMap<>();
    private final CompletableFuture<Void> closed = new CompletableFuture<>();
    private final HttpServer hub = server(this::answer);
    private final HttpServer store = server(this::send);

    private interface Handler {
        void handle(HttpExchange exchange) throws IOException;
    }

    private static HttpServer server(Handler handler) {
        try {
            HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
            server.createContext("/", exchange -> {
                try (exchange) {
                    handler.handle(exchange);
                }
            });
            server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
            server.start();
            return server;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public FakeHub with(String name, byte[] content) {
        files.put(name, content);
        return this;
    }

    public String endpoint() {
        return "http://127.0.0.1:" + hub.getAddress().getPort();
    }

    HubSettings settings(Path cache, String token) {
        return new HubSettings(URI.create(endpoint()), token.isEmpty() ? Optional.empty() : Optional.of(token), cache);
    }

    List<String> requests(String begin) {
        return requests.stream().filter(request -> request.startsWith(begin)).toList();
    }

    private void note(String server, HttpExchange exchange) {
        requests.add(server + exchange.getRequestURI() + " range="
                + exchange.getRequestHeaders().getFirst("Range") + " token="
                + exchange.getRequestHeaders().getFirst("Authorization"));
    }

    private void answer(HttpExchange exchange) throws IOException {
        note("hub", exchange);
        String token = exchange.getRequestHeaders().getFirst("Authorization");
        if (!tokenNeeded.isEmpty() && !("Bearer " + tokenNeeded).equals(token)) {
            exchange.getResponseHeaders().add("X-Error-Message", "Access to model org/tiny is restricted.");
            exchange.sendResponseHeaders(401, -1);
            return;
        }
        String path = exchange.getRequestURI().getPath();
        String resolve = "/org/tiny/resolve/" + COMMIT + "/";
        if (path.equals("/api/models/org/tiny/revision/main") || path.equals("/api/models/org/tiny/revision/a/b")) {
            reply(exchange, 200, (listing.isEmpty() ? listing() : listing).getBytes(StandardCharsets.UTF_8));
        } else if (path.startsWith(resolve) && files.containsKey(path.substring(resolve.length()))) {
            String name = path.substring(resolve.length());
            byte[] content = files.get(name);
            if (content.length < LARGE) {
                reply(exchange, 200, content);
                return;
            }
            exchange.getResponseHeaders()
                    .add(
                            "Location",
                            redirectTo.isEmpty()
                                    ? "http://127.0.0.1:" + store.getAddress().getPort() + "/" + name
                                    : redirectTo);
            exchange.sendResponseHeaders(302, -1);
        } else {
            exchange.sendResponseHeaders(404, -1);
        }
    }

    private String listing() {
        String siblings = files.entrySet().stream()
                .map(file -> "{\"rfilename\": \"%s\", \"size\": %d, \"blobId\": \"%s\"%s}"
                        .formatted(
                                file.getKey(),
                                file.getValue().length,
                                digest("SHA-1", "blob " + file.getValue().length + "\0", file.getValue()),
                                file.getValue().length < LARGE
                                        ? ""
                                        : ", \"lfs\": {\"sha256\": \"" + digest("SHA-256", "", file.getValue())
                                                + "\"}"))
                .collect(Collectors.joining(", "));
        return "{\"sha\": \"" + COMMIT + "\", \"siblings\": [" + siblings + "]}";
    }

    static String digest(String algorithm, String before, byte[] content) {
        try {
            MessageDigest digest = MessageDigest.getInstance(algorithm);
            digest.update(before.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest.digest(content));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    private void send(HttpExchange exchange) throws IOException {
        note("store", exchange);
        byte[] content =
                files.get(exchange.getRequestURI().getPath().substring(1)).clone();
        if (wrongBytes) {
            content[content.length / 2] ^= 1;
        }
        String range = exchange.getRequestHeaders().getFirst("Range");
        int from = range == null || !ranges ? 0 : Integer.parseInt(range.replaceAll("\\D", ""));
        byte[] body = Arrays.copyOfRange(content, from, content.length);
        if (drops > 0) {
            drops--;
            exchange.sendResponseHeaders(from > 0 ? 206 : 200, body.length);
            exchange.getResponseBody().write(body, 0, Math.min(dropAfter, body.length - 1));
            exchange.getResponseBody().flush();
            if (silence) {
                closed.join();
            }
            return; // closing the exchange ends the connection
        }
        reply(exchange, from > 0 ? 206 : 200, body);
    }

    private static void reply(HttpExchange exchange, int status, byte[] body) throws IOException {
        exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
        exchange.getResponseBody().write(body);
    }

    @Override
    public void close() {
        closed.complete(null);
        hub.stop(0);
        store.stop(0);
    }
}
