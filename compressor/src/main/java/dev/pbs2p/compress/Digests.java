package dev.pbs2p.compress;

import dev.pbs2p.tensor.ByteMatrix;
import dev.pbs2p.tensor.PackedMatrix;
import dev.pbs2p.tensor.Tensor;
import dev.pbs2p.tensor.Weight;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// SHA-256 of what a compression starts from.
final class Digests {

    /// A ByteBuffer ends at 2 GB.
    private static final long CHUNK = 1L << 30;

    private Digests() {}

    /// Of all weights: names, types, shapes and bytes, in the order of the names.
    static String weights(Map<String, Weight> weights) {
        List<byte[]> parts = new TreeMap<>(weights)
                .entrySet().parallelStream()
                        .map(entry -> weight(entry.getKey(), entry.getValue()))
                        .toList();
        MessageDigest all = sha256();
        parts.forEach(all::update);
        return hex(all);
    }

    private static byte[] weight(String name, Weight weight) {
        MessageDigest digest = sha256();
        switch (weight) {
            case Tensor tensor -> {
                String head = name + " " + tensor.dtype() + Arrays.toString(tensor.shape());
                digest.update(head.getBytes(StandardCharsets.UTF_8));
                update(digest, tensor.data());
                tensor.unload();
            }
            case ByteMatrix bytes -> {
                String head = name + " 8 bits " + bytes.rows() + "x" + bytes.cols();
                digest.update(head.getBytes(StandardCharsets.UTF_8));
                update(digest, bytes.levels());
                update(digest, bytes.scales());
            }
            case PackedMatrix packed -> {
                String head = name + " " + packed.format() + packed.rows() + "x" + packed.cols();
                digest.update(head.getBytes(StandardCharsets.UTF_8));
                update(digest, packed.planes());
                update(digest, packed.steps());
                update(digest, packed.salient());
            }
        }
        return digest.digest();
    }

    private static void update(MessageDigest digest, MemorySegment bytes) {
        for (long at = 0; at < bytes.byteSize(); at += CHUNK) {
            digest.update(
                    bytes.asSlice(at, Math.min(CHUNK, bytes.byteSize() - at)).asByteBuffer());
        }
    }

    /// Of integers as little-endian 32-bit values.
    static String ints(int[] values) {
        ByteBuffer bytes =
                ByteBuffer.allocate(Math.multiplyExact(4, values.length)).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asIntBuffer().put(values);
        MessageDigest digest = sha256();
        digest.update(bytes);
        return hex(digest);
    }

    private static String hex(MessageDigest digest) {
        return HexFormat.of().formatHex(digest.digest());
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every JDK has SHA-256", e);
        }
    }
}
