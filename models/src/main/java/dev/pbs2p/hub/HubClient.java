package dev.pbs2p.hub;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Objects;

/// Asks a hub, following its redirections by hand: the token is for the hub, not for whoever stores its files.
final class HubClient implements AutoCloseable {

    private static final int MOST_REDIRECTIONS = 10;

    private final HubSettings settings;
    private final Duration patience;
    private final HttpClient http;

    /// @param patience with a hub that sends nothing: while connecting, before an answer and within it
    HubClient(HubSettings settings, Duration patience) {
        this.settings = settings;
        this.patience = patience;
        this.http = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(patience)
                .build();
    }

    /// Files of a revision, with their sizes.
    ///
    /// @throws IllegalArgumentException if there is no such model or revision
    /// @throws IllegalStateException if the hub refuses, or answers something else
    HubListing list(HubName model, String revision) throws IOException {
        String path = "/api/models/" + model + "/revision/" + URLEncoder.encode(revision, StandardCharsets.UTF_8);
        try (InputStream body = get(path + "?blobs=true", 0, model, revision).body()) {
            return HubListing.parse(new String(body.readAllBytes(), StandardCharsets.UTF_8), endpoint());
        }
    }

    /// A file's content from a byte on.
    ///
    /// @return status 206, or 200 if it is the whole content after all
    HttpResponse<InputStream> open(HubName model, String commit, HubFile file, long from) throws IOException {
        return get("/" + model + "/resolve/" + commit + "/" + file.name(), from, model, commit);
    }

    private HttpResponse<InputStream> get(String path, long from, HubName model, String revision) throws IOException {
        URI address = URI.create(settings.endpoint() + path);
        for (int hop = 0; hop < MOST_REDIRECTIONS; hop++) {
            HttpResponse<InputStream> response = send(request(address, from));
            int status = response.statusCode();
            if (status == 200 || status == 206) {
                return response;
            }
            response.body().close();
            if (status == 401 || status == 403) {
                throw refused(response, model);
            }
            if (status == 404) {
                throw new IllegalArgumentException(
                        "there is no " + model + " (revision " + revision + ") on " + endpoint());
            }
            if (status < 300 || status > 399) { // busy or broken: another time it may work
                throw new IOException(address.getHost() + " answers with status " + status);
            }
            String location = response.headers().firstValue("location").orElse("");
            address = address.resolve(location);
            if (!address.toString().matches("https?://.+")
                    || (address.getScheme().equals("http")
                            && settings.endpoint().getScheme().equals("https"))) {
                throw new IllegalStateException(endpoint() + " sends on to " + address + ", which is not followed");
            }
        }
        throw new IllegalStateException(endpoint() + " sends on more than " + MOST_REDIRECTIONS + " times");
    }

    private HttpRequest request(URI address, long from) {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(address).timeout(patience).header("User-Agent", "pbs2p");
        if (isHub(address)) {
            settings.token().ifPresent(token -> request.header("Authorization", "Bearer " + token));
        }
        if (from > 0) {
            request.header("Range", "bytes=" + from + "-");
        }
        return request.build();
    }

    private boolean isHub(URI address) {
        URI hub = settings.endpoint();
        return Objects.equals(hub.getScheme(), address.getScheme())
                && Objects.equals(hub.getHost(), address.getHost())
                && hub.getPort() == address.getPort();
    }

    private HttpResponse<InputStream> send(HttpRequest request) throws IOException {
        try {
            return http.send(
                    request,
                    _ -> HttpResponse.BodySubscribers.mapping(
                            HttpResponse.BodySubscribers.ofInputStream(), in -> new PatientStream(in, patience)));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(
                    "interrupted while waiting for " + request.uri().getHost(), e);
        }
    }

    private RuntimeException refused(HttpResponse<?> response, HubName model) {
        String reason = response.headers()
                .firstValue("x-error-message")
                .map(text -> " (" + text + ")")
                .orElse("");
        return new IllegalStateException(endpoint() + " does not show " + model
                + (settings.token().isPresent()
                        ? " with this HF_TOKEN: agree to the model's terms on its page"
                        : ": it is private, needs an agreement or does not exist; set HF_TOKEN if you have access")
                + reason);
    }

    /// The hub as messages call it.
    String endpoint() {
        return settings.endpoint().getAuthority();
    }

    @Override
    public void close() {
        http.shutdownNow();
    }
}
