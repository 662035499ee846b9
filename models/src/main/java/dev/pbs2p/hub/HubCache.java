package dev.pbs2p.hub;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/// The folder in which Hugging Face's tools keep models: for each model `blobs` by checksum, `snapshots` of revisions
/// that link to them, and `refs`, the commits that names of revisions stand for.
///
/// @param folder with a folder for each model
public record HubCache(Path folder) {

    /// The directory of a model's revision, if it has been pulled.
    public Optional<Path> snapshot(HubName model, String revision) {
        Path reference = reference(model, revision);
        try {
            String commit =
                    Files.exists(reference) ? Files.readString(reference).strip() : revision;
            Path snapshot = snapshots(model).resolve(commit);
            return Files.isDirectory(snapshot) ? Optional.of(snapshot) : Optional.empty();
        } catch (IOException e) {
            return Optional.empty(); // as good as not pulled
        }
    }

    /// Where a file's content is, or will be.
    Path blob(HubName model, HubFile file) {
        return home(model).resolve("blobs").resolve(file.digest());
    }

    /// Makes a pulled file part of a snapshot.
    ///
    /// @return the snapshot's directory
    Path link(HubName model, String commit, HubFile file) throws IOException {
        Path directory = snapshots(model).resolve(commit);
        Path link = directory.resolve(file.name());
        if (!Files.exists(link)) {
            Files.createDirectories(directory);
            Files.deleteIfExists(link); // it may lead nowhere
            try {
                Files.createSymbolicLink(link, directory.relativize(blob(model, file)));
            } catch (IOException | UnsupportedOperationException e) {
                Files.createLink(link, blob(model, file)); // Windows allows this one to everybody
            }
        }
        return directory;
    }

    /// Notes which commit the name of a revision stands for.
    void refer(HubName model, String revision, String commit) throws IOException {
        if (!revision.equals(commit)) {
            Path reference = reference(model, revision);
            Files.createDirectories(reference.getParent());
            Files.writeString(reference, commit);
        }
    }

    private Path reference(HubName model, String revision) {
        return home(model).resolve("refs").resolve(revision);
    }

    private Path snapshots(HubName model) {
        return home(model).resolve("snapshots");
    }

    private Path home(HubName model) {
        return folder.resolve("models--" + model.organization() + "--" + model.name());
    }
}
