package dev.pbs2p.tokenizer;

import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import dev.pbs2p.format.FormatException;
import dev.pbs2p.tensor.Checkpoint;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;

/// Text to token ids and back, as the model's own `tokenizer.json` (or `tokenizer.model`) defines them; run by the
/// Hugging Face tokenizers.
///
/// Special tokens that are written out in a text (`<s>`, `<|eot_id|>`) become their ids, as chat templates need it.
/// May be used by several threads; [#close] only when they are done.
public final class Tokenizer implements AutoCloseable {

    private final TokenizersLibrary library;
    private final SpecialTokens special;
    private final int[] prefix;
    private final OptionalInt bos;
    private final Set<Integer> eos;
    private long handle;

    private Tokenizer(TokenizersLibrary library, long handle, SpecialTokens special) {
        this.library = library;
        this.handle = handle;
        this.special = special;
        library.disableTruncation(handle);
        library.disablePadding(handle);
        this.bos = id("bos_token").isPresent()
                ? id("bos_token")
                : special.bosIds().stream().mapToInt(Integer::intValue).findFirst();
        this.eos = new TreeSet<>(special.eosIds());
        id("eos_token").ifPresent(eos::add);
        this.prefix = prefix();
    }

    /// The tokenizer of a checkpoint.
    ///
    /// @throws FormatException if the checkpoint has neither file, or one that cannot be used
    /// @throws IllegalStateException if the tokenizer library cannot be loaded on this machine
    public static Tokenizer of(Checkpoint checkpoint) {
        String source = checkpoint.source();
        String json = json(checkpoint);
        SpecialTokens special = SpecialTokens.of(checkpoint);
        TokenizersLibrary library = NativeTokenizers.library();
        try {
            StrictJson.check(json);
            PostProcessor.check(json);
            return new Tokenizer(library, library.createTokenizerFromString(json), special);
        } catch (RuntimeException e) {
            throw new FormatException(source + ": tokenizer.json cannot be used: " + e.getMessage(), e);
        }
    }

    private static String json(Checkpoint checkpoint) {
        Optional<byte[]> json = checkpoint.file("tokenizer.json");
        if (json.isPresent()) {
            return new String(json.get(), StandardCharsets.UTF_8);
        }
        byte[] model = checkpoint
                .file("tokenizer.model")
                .orElseThrow(() -> new FormatException(checkpoint.source() + " has no tokenizer.json (and no"
                        + " tokenizer.model): put the one of the original model beside its config.json"));
        try {
            return SentencePieceModel.tokenizerJson(model);
        } catch (FormatException e) {
            throw new FormatException(checkpoint.source() + ": " + e.getMessage(), e);
        }
    }

    /// Token ids of a text.
    ///
    /// @param addBos whether to put in front what the model expects at the beginning of a text (for most models the
    ///     token BOS, for some nothing)
    public int[] encode(String text, boolean addBos) {
        int[] ids = nativeEncode(text, false);
        if (!addBos || prefix.length == 0) {
            return ids;
        }
        int[] all = Arrays.copyOf(prefix, prefix.length + ids.length);
        System.arraycopy(ids, 0, all, prefix.length, ids.length);
        return all;
    }

    /// The vocabulary's spelling (`Ġthe`, `▁the`) of each token of [#encode].
    public List<String> pieces(String text, boolean addBos) {
        List<String> pieces = new ArrayList<>();
        if (addBos) {
            for (int id : prefix) {
                pieces.add(
                        bos.equals(OptionalInt.of(id)) ? special.text().getOrDefault("bos_token", "#" + id) : "#" + id);
            }
        }
        long encoding = encoding(text, false);
        try {
            pieces.addAll(Arrays.asList(library.getTokens(encoding)));
        } finally {
            library.deleteEncoding(encoding);
        }
        return pieces;
    }

    /// The text of some tokens, without the special ones; bytes that are not UTF-8 become U+FFFD.
    public String decode(int... ids) {
        return decode(ids, 0, ids.length);
    }

    String decode(int[] ids, int from, int to) {
        long[] wide = new long[to - from];
        for (int i = 0; i < wide.length; i++) {
            wide[i] = ids[from + i];
        }
        return library.decode(open(), wide, true);
    }

    /// A decoder of a stream of tokens that goes on after `context` (the end of the prompt, say); without a context, at
    /// the beginning of a text.
    public Detokenizer detokenizer(int... context) {
        return new Detokenizer(this, context);
    }

    /// The token that begins a text, if the model has one.
    public OptionalInt bos() {
        return bos;
    }

    /// The tokens that end a text (or a turn of a chat): generation stops at any of them.
    public Set<Integer> eos() {
        return Set.copyOf(eos);
    }

    /// Special tokens by role, as chat templates name them: `bos_token`, `eos_token`, …
    public Map<String, String> specialTokens() {
        return Map.copyOf(special.text());
    }

    @Override
    public synchronized void close() {
        if (handle != 0) {
            library.deleteTokenizer(handle);
            handle = 0;
        }
    }

    private OptionalInt id(String role) {
        Optional<int[]> ids = Optional.ofNullable(special.text().get(role)).map(text -> nativeEncode(text, false));
        return ids.isPresent() && ids.get().length == 1 ? OptionalInt.of(ids.get()[0]) : OptionalInt.empty();
    }

    /// What tokenizer.json puts before a text, unless tokenizer_config.json decides it.
    private int[] prefix() {
        if (special.addBos().equals(Optional.of(false))) {
            return new int[0];
        }
        int[] plain = nativeEncode("a", false);
        int[] full = nativeEncode("a", true);
        for (int from = 1; from <= full.length - plain.length; from++) {
            if (Arrays.equals(full, from, from + plain.length, plain, 0, plain.length)) {
                return Arrays.copyOf(full, from);
            }
        }
        return special.addBos().isPresent() ? bos.stream().toArray() : new int[0];
    }

    private int[] nativeEncode(String text, boolean special) {
        long encoding = encoding(text, special);
        try {
            long[] ids = library.getTokenIds(encoding);
            int[] narrow = new int[ids.length];
            for (int i = 0; i < ids.length; i++) {
                narrow[i] = Math.toIntExact(ids[i]);
            }
            return narrow;
        } finally {
            library.deleteEncoding(encoding);
        }
    }

    private long encoding(String text, boolean special) {
        long tokenizer = open();
        try {
            return library.encode(tokenizer, wellFormed(text), special);
        } catch (RuntimeException e) { // what loading does not find: an unknown token that is not in the vocabulary
            throw new FormatException("the tokenizer cannot encode text: " + e.getMessage(), e);
        }
    }

    private long open() {
        if (handle == 0) {
            throw new IllegalStateException("the tokenizer is closed");
        }
        return handle;
    }

    /// Half a surrogate pair is no character, and the native code would end the process on it.
    private static String wellFormed(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (Character.isSurrogate(text.charAt(i))) {
                return new String(text.getBytes(StandardCharsets.UTF_16BE), StandardCharsets.UTF_16BE);
            }
        }
        return text;
    }
}
