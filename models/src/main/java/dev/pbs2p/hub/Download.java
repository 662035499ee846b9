package dev.pbs2p.hub;

import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/// Fetches one file of a model into a `.part` file, which a later attempt goes on with, and moves it into place when it
/// is whole and has the right checksum.
final class Download {

    /// Attempts in a row that bring nothing.
    private static final int ATTEMPTS = 5;

    private static final int CHUNK = 1 << 16;

    private final HubClient client;
    private final HubName model;
    private final String commit;
    private final Duration pause;
    private final LongConsumer onBytes;

    /// @param pause before the second attempt; doubled before each further one
    /// @param onBytes hears of bytes as they arrive
    Download(HubClient client, HubName model, String commit, Duration pause, LongConsumer onBytes) {
        this.client = client;
        this.model = model;
        this.commit = commit;
        this.pause = pause;
        this.onBytes = onBytes;
    }

    /// The part of a file that is there when its download begins.
    static Path part(Path target) {
        return target.resolveSibling(target.getFileName() + ".part");
    }

    /// @throws IllegalStateException if what arrives is not the file, or another process is fetching it
    /// @throws IOException if the connection fails again and again, or the file cannot be written
    void fetch(HubFile file, Path target) throws IOException {
        Files.createDirectories(target.getParent());
        Path part = part(target);
        try (FileChannel out = FileChannel.open(part, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            @Nullable FileLock lock = out.tryLock();
            if (lock == null) {
                throw new IllegalStateException("another process is fetching " + file.name() + " of " + model);
            }
            fetch(file, out);
        }
        if (!file.matches(part)) {
            Files.delete(part);
            throw new IllegalStateException("what " + client.endpoint() + " sent as " + file.name() + " of " + model
                    + " does not have the checksum " + file.digest() + ": it was deleted; pull again");
        }
        Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
    }

    private void fetch(HubFile file, FileChannel out) throws IOException {
        out.position(out.size());
        int failures = 0;
        while (out.position() < file.bytes()) {
            long before = out.position();
            try {
                receive(file, out);
            } catch (IOException e) {
                failures = out.position() > before ? 1 : failures + 1;
                if (failures == ATTEMPTS || Thread.currentThread().isInterrupted()) {
                    throw new IOException(
                            "fetching " + file.name() + " failed after " + out.position() + " of " + file.bytes()
                                    + " bytes (" + e.getMessage() + "): the same command goes on from there",
                            e);
                }
                waitAfter(failures);
            }
        }
    }

    private void receive(HubFile file, FileChannel out) throws IOException {
        HttpResponse<InputStream> response = client.open(model, commit, file, out.position());
        try (InputStream body = response.body()) {
            if (response.statusCode() == 200 && out.position() > 0) {
                onBytes.accept(-out.position()); // this server does not know ranges
                out.truncate(0);
            }
            byte[] chunk = new byte[CHUNK];
            for (int count = body.read(chunk); count >= 0; count = body.read(chunk)) {
                if (out.position() + count > file.bytes()) {
                    throw new IllegalStateException(
                            client.endpoint() + " sends more than the " + file.bytes() + " bytes of " + file.name());
                }
                ByteBuffer bytes = ByteBuffer.wrap(chunk, 0, count);
                while (bytes.hasRemaining()) {
                    out.write(bytes);
                }
                onBytes.accept(count);
            }
        }
        if (out.position() < file.bytes()) {
            throw new IOException("the connection ended early");
        }
    }

    private void waitAfter(int failures) throws IOException {
        try {
            Thread.sleep(pause.multipliedBy(1L << (failures - 1)));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }
}
