package dev.pbs2p.hub;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/// A file of a model on the hub.
///
/// @param digest of its content, in hexadecimal: the SHA-256 of a large file, or the SHA-1 that Git gives a small one;
///     also its name in the cache
record HubFile(String name, long bytes, String digest) {

    /// Whether a downloaded file is this one.
    boolean matches(Path file) throws IOException {
        if (Files.size(file) != bytes) {
            return false;
        }
        MessageDigest sum = digester(digest.length() == 64 ? "SHA-256" : "SHA-1");
        if (digest.length() != 64) {
            sum.update(("blob " + bytes + "\0").getBytes(StandardCharsets.UTF_8)); // as Git does
        }
        try (InputStream in = new DigestInputStream(Files.newInputStream(file), sum)) {
            in.transferTo(java.io.OutputStream.nullOutputStream());
        }
        return HexFormat.of().formatHex(sum.digest()).equals(digest);
    }

    private static MessageDigest digester(String algorithm) {
        try {
            return MessageDigest.getInstance(algorithm);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every JDK has " + algorithm, e);
        }
    }
}
