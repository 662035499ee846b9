package dev.pbs2p.cli;

import dev.pbs2p.hub.HubCache;
import dev.pbs2p.hub.HubName;
import dev.pbs2p.hub.HubSettings;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.ITypeConverter;

/// Finds the model that a word on the command line means: a path, or the name of a model that was pulled.
final class ModelPath implements ITypeConverter<Path> {

    static final String DESCRIPTION =
            "A .pbs2p or .gguf file, a checkpoint directory, or ORG/NAME of a model that was pulled.";

    @Override
    public Path convert(String word) {
        Path path = Path.of(word);
        if (Files.exists(path)) {
            return path;
        }
        HubCache cache = new HubCache(HubSettings.of(System.getenv()).cache());
        return HubName.of(word).flatMap(name -> cache.snapshot(name, "main")).orElse(path); // opening it says why
    }
}
