package dev.pbs2p.hub;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// Pulls models from a Hugging Face compatible hub into the cache that Hugging Face's own tools share.
public final class Hub {

    private final HubSettings settings;
    private final Duration pause;
    private final Duration patience;

    public Hub(HubSettings settings) {
        this(settings, Duration.ofSeconds(1), Duration.ofSeconds(30));
    }

    /// @param pause after a connection failed
    /// @param patience with a connection that brings nothing
    Hub(HubSettings settings, Duration pause, Duration patience) {
        this.settings = settings;
        this.pause = pause;
        this.patience = patience;
    }

    /// Hears how a pull goes on, on the calling thread.
    public interface Listener {

        /// Before anything is fetched.
        ///
        /// @param bytes of all files
        /// @param missing of those, what is not in the cache yet
        /// @param free on the cache's disk
        void planned(int files, long bytes, long missing, long free);

        /// After some bytes of a file have arrived.
        ///
        /// @param fetched of the bytes that were missing, over all files
        void fetched(String file, long fetched, long missing);
    }

    /// A model that has been pulled.
    ///
    /// @param directory where it can be opened
    /// @param bytes of all its files
    /// @param fetched of those, what was not in the cache before
    public record Pulled(Path directory, int files, long bytes, long fetched) {}

    /// Fetches what is missing of a model: its small files, and its weights as safetensors or, without those, as
    /// PyTorch's own files. What was fetched in part before is gone on with.
    ///
    /// @param revision a branch, a tag or a commit
    /// @throws IllegalArgumentException if there is no such model or revision
    /// @throws IllegalStateException if it does not fit the disk, the hub refuses, or sends something else
    /// @throws IOException if the connection fails again and again, or a file cannot be written
    public Pulled pull(HubName model, String revision, Listener listener) throws IOException {
        if (!revision.matches("\\w[\\w./-]*") || revision.contains("..")) {
            throw new IllegalArgumentException("a revision is a branch, a tag or a commit, not " + revision);
        }
        HubCache cache = new HubCache(settings.cache());
        try (HubClient client = new HubClient(settings, patience)) {
            HubListing listing = client.list(model, revision);
            List<HubFile> files = listing.needed(model);
            List<HubFile> absent = new ArrayList<>();
            long bytes = 0;
            long missing = 0;
            for (HubFile file : files) {
                Path blob = cache.blob(model, file);
                bytes += file.bytes();
                if (!Files.exists(blob) || Files.size(blob) != file.bytes()) {
                    absent.add(file);
                    missing += file.bytes() - partial(blob);
                }
            }
            long free = free(settings.cache());
            listener.planned(files.size(), bytes, missing, free);
            checkFits(model, missing, free);
            fetch(client, cache, model, listing.commit(), absent, missing, listener);
            Path directory = settings.cache();
            for (HubFile file : files) {
                directory = cache.link(model, listing.commit(), file);
            }
            cache.refer(model, revision, listing.commit());
            return new Pulled(directory, files.size(), bytes, missing);
        }
    }

    private void fetch(
            HubClient client,
            HubCache cache,
            HubName model,
            String commit,
            List<HubFile> absent,
            long missing,
            Listener listener)
            throws IOException {
        AtomicLong fetched = new AtomicLong();
        for (HubFile file : absent) {
            Download download = new Download(
                    client,
                    model,
                    commit,
                    pause,
                    count -> listener.fetched(file.name(), fetched.addAndGet(count), missing));
            download.fetch(file, cache.blob(model, file));
        }
    }

    private void checkFits(HubName model, long missing, long free) {
        if (missing > free) {
            throw new IllegalStateException(model + " needs " + missing + " more bytes, but the disk of "
                    + settings.cache() + " has " + free + " free: set HF_HOME to a folder on a larger one");
        }
    }

    private static long partial(Path blob) throws IOException {
        Path part = Download.part(blob);
        return Files.exists(part) ? Files.size(part) : 0;
    }

    private static long free(Path folder) throws IOException {
        @Nullable Path existing = folder.toAbsolutePath();
        while (existing != null && !Files.exists(existing)) {
            existing = existing.getParent();
        }
        if (existing == null) {
            throw new IOException("there is no disk of " + folder);
        }
        return Files.getFileStore(existing).getUsableSpace();
    }
}
