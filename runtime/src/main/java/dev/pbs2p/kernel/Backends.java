package dev.pbs2p.kernel;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import org.jspecify.annotations.Nullable;

/// Chooses a backend, once, and can say why in a sentence. A backend that is asked for by name is used or refused,
/// never replaced by another.
public final class Backends {

    /// What a backend may be told.
    ///
    /// @param threads that compute
    /// @param activationBits of activations that meet packed weights: 6, 7 or 8
    public record Settings(int threads, int activationBits) {

        public Settings {
            if (threads < 1) {
                throw new IllegalArgumentException("at least one thread is needed, not " + threads);
            }
            if (activationBits < 6 || activationBits > 8) {
                throw new IllegalArgumentException(
                        "activations are quantised to 6, 7 or 8 bits, not " + activationBits);
            }
        }

        /// One thread a physical core, 8-bit activations.
        public static Settings defaults() {
            return new Settings(Processor.cores(), 8);
        }
    }

    /// A backend from another module, found through [ServiceLoader].
    public interface Provider {

        /// `torch` or `cuda`.
        String name();

        /// Why it cannot run here, as a clause (`libcuda.so.1 was not found`); empty if it can.
        Optional<String> obstacle();

        /// Whether it is taken when nobody asks for a backend by name.
        boolean automatic();

        Backend open(Settings settings);
    }

    /// One backend as this machine has it.
    ///
    /// @param obstacle why it cannot run, or empty
    public record Option(String name, Optional<String> obstacle) {}

    private static volatile @Nullable List<Provider> offered;

    private Backends() {}

    /// Names the providers. Where nobody does, the service loader finds them, for which it opens all jars of the class
    /// path: a twentieth of a second.
    public static void offer(Provider... providers) {
        offered = List.of(providers);
    }

    /// Opens the backend `name`: `auto`, `scalar`, `vector` or one that a provider offers.
    ///
    /// @throws IllegalArgumentException if there is no such backend, or it cannot run here; the message says why
    public static Backend open(String name, Settings settings) {
        List<Provider> providers = providers();
        if (name.equals("auto")) {
            return automatic(providers, settings);
        }
        if (name.equals("scalar")) {
            return new ScalarBackend(settings.activationBits(), "as asked");
        }
        if (name.equals("vector")) {
            vectorObstacle().ifPresent(why -> {
                throw new IllegalArgumentException("the vector backend cannot run: " + why);
            });
            return vector(settings);
        }
        for (Provider provider : providers) {
            if (provider.name().equals(name)) {
                provider.obstacle().ifPresent(why -> {
                    throw new IllegalArgumentException("the " + name + " backend cannot run: " + why);
                });
                return provider.open(settings);
            }
        }
        List<String> names = new ArrayList<>(List.of("auto", "scalar", "vector"));
        providers.forEach(provider -> names.add(provider.name()));
        throw new IllegalArgumentException(
                "there is no backend " + name + " here; choose one of " + String.join(", ", names));
    }

    private static Backend automatic(List<Provider> providers, Settings settings) {
        for (Provider provider : providers) {
            if (provider.automatic() && provider.obstacle().isEmpty()) {
                return provider.open(settings);
            }
        }
        Optional<String> obstacle = vectorObstacle();
        return obstacle.isEmpty()
                ? vector(settings)
                : new ScalarBackend(settings.activationBits(), "because " + obstacle.get());
    }

    // A method of its own: the class must not be loaded where the vector module is absent.
    private static Backend vector(Settings settings) {
        return VectorBackend.plainAtFirst(settings.threads(), settings.activationBits());
    }

    /// `1 thread`, `2 threads`, for people.
    public static String threads(int count) {
        return count + (count == 1 ? " thread" : " threads");
    }

    /// All backends, best first, and what keeps each from running.
    public static List<Option> options() {
        List<Option> options = new ArrayList<>();
        for (Provider provider : providers()) {
            options.add(new Option(provider.name(), provider.obstacle()));
        }
        options.add(new Option("vector", vectorObstacle()));
        options.add(new Option("scalar", Optional.empty()));
        return options;
    }

    private static List<Provider> providers() {
        List<Provider> named = offered;
        if (named != null) {
            return named;
        }
        return ServiceLoader.load(Provider.class).stream()
                .map(ServiceLoader.Provider::get)
                .toList();
    }

    private static Optional<String> vectorObstacle() {
        if (ModuleLayer.boot().findModule("jdk.incubator.vector").isEmpty()) {
            return Optional.of("the vector module is not loaded: start Java with --add-modules jdk.incubator.vector");
        }
        if (System.getProperty("java.vm.info", "").contains("interpreted")) {
            return Optional.of("Java runs without its compiler: start it without -Xint");
        }
        if (Species.preferredBits() < 128) {
            return Optional.of("Java has no vector instructions for this processor");
        }
        return Optional.empty();
    }
}
