package dev.pbs2p.compress.torch;

import org.bytedeco.javacpp.Loader;

/// Whether LibTorch can be had, found out without loading it: that takes seconds and hundreds of megabytes.
public final class LibTorch {

    private LibTorch() {}

    /// Whether the class path has LibTorch for this platform.
    public static boolean present() {
        String library = "/org/bytedeco/pytorch/" + platform() + "/";
        return LibTorch.class.getResource(library + System.mapLibraryName("jnitorch")) != null;
    }

    /// This machine's name among LibTorch's platforms, such as `linux-x86_64`.
    public static String platform() {
        return Loader.Detector.getPlatform();
    }
}
