# Sourced by mvnw and pbs2p: sets JAVA_HOME to a JDK of version 25 or newer, or returns 1.

# Sets JAVA_HOME to the JDK in folder $1 if its version will do. Reads its release file, and starts no process.
use_jdk() {
    [ -x "$1/bin/javac" ] && [ -r "$1/release" ] || return 1
    while IFS='"' read -r key version _; do
        if [ "$key" = JAVA_VERSION= ]; then
            [ "${version%%[!0-9]*}" -ge 25 ] && JAVA_HOME=$1
            return
        fi
    done <"$1/release"
    return 1
}

# The JDK that the command $1 belongs to, through all symbolic links.
jdk_of_command() {
    path=$(command -v "$1" 2>/dev/null) || return 0
    while [ -L "$path" ]; do
        target=$(readlink "$path")
        case $target in
            /*) path=$target ;;
            *) path=${path%/*}/$target ;;
        esac
    done
    (cd "${path%/*}/.." && pwd -P)
}

find_jdk() {
    if [ -n "${JAVA_HOME:-}" ] && use_jdk "$JAVA_HOME"; then
        return 0
    fi
    if use_jdk "$(jdk_of_command javac)"; then
        return 0
    fi
    for home in /usr/lib/jvm/* /opt/*jdk* /opt/java/* \
        /Library/Java/JavaVirtualMachines/*/Contents/Home "$HOME"/Library/Java/JavaVirtualMachines/*/Contents/Home \
        /opt/homebrew/opt/openjdk*/libexec/openjdk.jdk/Contents/Home \
        "$HOME"/.sdkman/candidates/java/* "$HOME"/.jdks/*; do
        if use_jdk "$home"; then
            return 0
        fi
    done
    return 1
}

# The same, or one sentence and exit code 1.
require_jdk() {
    if ! find_jdk; then
        echo "$1: no JDK 25 or newer found in JAVA_HOME, PATH or the usual folders: install one (Debian and Ubuntu: apt install openjdk-25-jdk; macOS: brew install openjdk@25; any system: sdk install java 25-tem from sdkman) or set JAVA_HOME to it." >&2
        exit 1
    fi
    export JAVA_HOME
}
