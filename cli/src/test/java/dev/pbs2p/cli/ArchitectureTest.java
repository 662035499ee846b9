package dev.pbs2p.cli;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;
import dev.pbs2p.format.Pages;
import java.lang.foreign.Linker;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// The arrows between the modules, and what only one package may touch.
class ArchitectureTest {

    private static final String[] RUNTIME = {
        "dev.pbs2p.tensor..", "dev.pbs2p.kernel..", "dev.pbs2p.format..", "dev.pbs2p.generate.."
    };
    private static final String[] MODELS = {
        "dev.pbs2p.json..",
        "dev.pbs2p.data..",
        "dev.pbs2p.weights..",
        "dev.pbs2p.tokenizer..",
        "dev.pbs2p.model..",
        "dev.pbs2p.eval..",
        "dev.pbs2p.hub.."
    };
    private static final String COMPRESSOR = "dev.pbs2p.compress..";
    private static final String TORCH = "dev.pbs2p.compress.torch..";
    private static final String CUDA = "dev.pbs2p.cuda..";
    private static final String CLI = "dev.pbs2p.cli..";

    private static JavaClasses product;

    @BeforeAll
    static void read() {
        product = new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                // Another module's tests, which this module's tests use, come as a jar.
                .withImportOption(location -> !location.contains("-tests.jar"))
                .importPackages("dev.pbs2p");
    }

    @Test
    void everyPackageBelongsToAModule() {
        classes()
                .should()
                .resideInAnyPackage(concat(RUNTIME, concat(MODELS, COMPRESSOR, CUDA, CLI)))
                .check(product);
    }

    @Test
    void runtimeDependsOnTheJdkAlone() {
        classes()
                .that()
                .resideInAnyPackage(RUNTIME)
                .should()
                .onlyDependOnClassesThat(
                        resideInAnyPackage(concat(RUNTIME, "java..", "jdk.incubator.vector..", "org.jspecify..")))
                .check(product);
    }

    @Test
    void modelsSeeNothingAboveThem() {
        noClasses()
                .that()
                .resideInAnyPackage(MODELS)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(COMPRESSOR, CUDA, CLI)
                .check(product);
    }

    @Test
    void compressorSeesNeitherGpuNorCommands() {
        noClasses()
                .that()
                .resideInAPackage(COMPRESSOR)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(CUDA, CLI)
                .check(product);
    }

    @Test
    void cudaSeesTheRuntimeAlone() {
        noClasses()
                .that()
                .resideInAPackage(CUDA)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(concat(MODELS, COMPRESSOR, CLI))
                .check(product);
    }

    @Test
    void packagesOfAModuleFormNoCycle() {
        SlicesRuleDefinition.slices()
                .matching("dev.pbs2p.(json|data|weights|tokenizer|model|eval|hub|cuda|cli)..")
                .should()
                .beFreeOfCycles()
                .check(product);
    }

    @Test
    void libTorchIsSeenByOnePackage() {
        noClasses()
                .that()
                .resideOutsideOfPackage(TORCH)
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.bytedeco..")
                .check(product);
    }

    @Test
    void theVectorApiIsSeenByOnePackage() {
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.pbs2p.kernel..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("jdk.incubator.vector..")
                .check(product);
    }

    @Test
    void nativeCodeIsCalledByTheDriverBindingsAndTwoHelpersAlone() {
        noClasses()
                .that()
                .resideOutsideOfPackage(CUDA)
                .and()
                .doNotBelongToAnyOf(Pages.class)
                .and()
                .haveNameNotMatching("dev\\.pbs2p\\.kernel\\.Prefetch.*")
                .should()
                .dependOnClassesThat()
                .belongToAnyOf(Linker.class)
                .check(product);
    }

    @Test
    void libraryCodeNeitherPrintsNorExits() {
        noClasses()
                .that()
                .resideOutsideOfPackage(CLI)
                .should()
                .accessField(System.class, "out")
                .orShould()
                .accessField(System.class, "err")
                .orShould()
                .callMethod(System.class, "exit", int.class)
                .orShould()
                .callMethod(Throwable.class, "printStackTrace")
                .check(product);
    }

    private static String[] concat(String[] some, String... more) {
        String[] all = new String[some.length + more.length];
        System.arraycopy(some, 0, all, 0, some.length);
        System.arraycopy(more, 0, all, some.length, more.length);
        return all;
    }
}
