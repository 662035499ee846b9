package groovy.lang;

/// Nothing. picocli asks for Groovy's class of this name when it starts, and where there is none, all jars of the class
/// path are opened and searched for it: a twentieth of a second.
public final class Closure {

    private Closure() {}
}
