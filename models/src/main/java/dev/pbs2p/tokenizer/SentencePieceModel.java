package dev.pbs2p.tokenizer;

import dev.pbs2p.format.FormatException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// A `tokenizer.model`, as SentencePiece writes it: a protocol buffer with pieces and their scores. It is turned into
/// the `tokenizer.json` that means the same.
final class SentencePieceModel {

    private static final int NORMAL = 1;
    private static final int UNKNOWN = 2;
    private static final int CONTROL = 3;
    private static final int USER_DEFINED = 4;
    private static final int BPE = 2;

    private static final JsonMapper JSON = JsonMapper.builder().build();

    /// One entry of the vocabulary; its id is its place.
    private record Piece(String text, float score, int type) {}

    /// A pair of pieces that joins into a third.
    private record Merge(String left, String right, float score) {}

    private final List<Piece> pieces = new ArrayList<>();
    private int modelType = 1;
    private int unknownId;
    private int beginId = 1;
    private boolean dummyPrefix = true;
    private boolean normalizes;

    private SentencePieceModel(byte[] bytes) {
        new Fields(bytes).forEach((field, value) -> {
            switch (field) {
                case 1 -> pieces.add(piece(value));
                case 2 -> trainer(value);
                case 3 -> normalizer(value);
                default -> {}
            }
        });
    }

    /// The equivalent `tokenizer.json`.
    ///
    /// @throws FormatException if the bytes are no such model, or one of a kind that no LLaMA uses
    static String tokenizerJson(byte[] bytes) {
        SentencePieceModel model = new SentencePieceModel(bytes);
        if (model.pieces.isEmpty()) {
            throw new FormatException("tokenizer.model holds no pieces: it is not a SentencePiece model");
        }
        if (model.modelType != BPE || model.normalizes) {
            throw new FormatException("tokenizer.model is not of the kind that LLaMA uses (byte pairs, text as it is):"
                    + " put the model's tokenizer.json beside it");
        }
        return JSON.writeValueAsString(model.json());
    }

    private static Piece piece(ByteBuffer message) {
        String[] text = {""};
        float[] score = {0};
        int[] type = {NORMAL};
        new Fields(message).forEach((field, value) -> {
            switch (field) {
                case 1 -> text[0] = StandardCharsets.UTF_8.decode(value).toString();
                case 2 -> score[0] = value.getFloat(0);
                case 3 -> type[0] = value.getInt(0);
                default -> {}
            }
        });
        return new Piece(text[0], score[0], type[0]);
    }

    private void trainer(ByteBuffer message) {
        new Fields(message).forEach((field, value) -> {
            switch (field) {
                case 3 -> modelType = value.getInt(0);
                case 40 -> unknownId = value.getInt(0);
                case 41 -> beginId = value.getInt(0);
                default -> {}
            }
        });
    }

    private void normalizer(ByteBuffer message) {
        new Fields(message).forEach((field, value) -> {
            switch (field) {
                case 2 -> normalizes = value.hasRemaining();
                case 3 -> dummyPrefix = value.getInt(0) != 0;
                default -> {}
            }
        });
    }

    private ObjectNode json() {
        ObjectNode root = JSON.createObjectNode();
        root.put("version", "1.0");
        ArrayNode added = root.putArray("added_tokens");
        ObjectNode vocabulary = JSON.createObjectNode();
        for (int id = 0; id < pieces.size(); id++) {
            Piece piece = pieces.get(id);
            vocabulary.put(piece.text(), id);
            if (piece.type() == UNKNOWN || piece.type() == CONTROL || piece.type() == USER_DEFINED) {
                added.addObject()
                        .put("id", id)
                        .put("content", piece.text())
                        .put("single_word", false)
                        .put("lstrip", false)
                        .put("rstrip", false)
                        .put("normalized", false)
                        .put("special", piece.type() != USER_DEFINED);
            }
        }
        ArrayNode normalizers =
                root.putObject("normalizer").put("type", "Sequence").putArray("normalizers");
        if (dummyPrefix) {
            normalizers.addObject().put("type", "Prepend").put("prepend", "▁");
        }
        normalizers.add(replace(" ", "▁"));
        if (beginId >= 0 && beginId < pieces.size()) {
            root.set("post_processor", postProcessor());
        }
        root.set("decoder", decoder());
        ObjectNode model = root.putObject("model").put("type", "BPE");
        model.put(
                "unk_token",
                pieces.get(Math.clamp(unknownId, 0, pieces.size() - 1)).text());
        model.put("fuse_unk", true).put("byte_fallback", true);
        model.set("vocab", vocabulary);
        ArrayNode merges = model.putArray("merges");
        merges().forEach(merge -> merges.addArray().add(merge.left()).add(merge.right()));
        return root;
    }

    /// Every way to make a piece of two others, best score first: the order in which SentencePiece joins them.
    private List<Merge> merges() {
        Map<String, Integer> ids = new HashMap<>();
        for (int id = 0; id < pieces.size(); id++) {
            ids.put(pieces.get(id).text(), id);
        }
        List<Merge> merges = new ArrayList<>();
        for (Piece piece : pieces) {
            List<Merge> ways = new ArrayList<>();
            for (int cut = 1; piece.type() == NORMAL && cut < piece.text().length(); cut++) {
                String left = piece.text().substring(0, cut);
                String right = piece.text().substring(cut);
                if (ids.containsKey(left) && ids.containsKey(right)) {
                    ways.add(new Merge(left, right, piece.score()));
                }
            }
            ways.sort(Comparator.<Merge>comparingInt(way -> ids.getOrDefault(way.left(), 0))
                    .thenComparingInt(way -> ids.getOrDefault(way.right(), 0)));
            merges.addAll(ways);
        }
        merges.sort(Comparator.comparingDouble(Merge::score).reversed());
        return merges;
    }

    private ObjectNode postProcessor() {
        String begin = pieces.get(beginId).text();
        ObjectNode processor = JSON.createObjectNode().put("type", "TemplateProcessing");
        for (String kind : List.of("single", "pair")) {
            ArrayNode parts = processor.putArray(kind);
            parts.addObject().putObject("SpecialToken").put("id", begin).put("type_id", 0);
            parts.addObject().putObject("Sequence").put("id", "A").put("type_id", 0);
        }
        ((ArrayNode) processor.get("pair"))
                .addObject()
                .putObject("Sequence")
                .put("id", "B")
                .put("type_id", 1);
        ObjectNode token =
                processor.putObject("special_tokens").putObject(begin).put("id", begin);
        token.putArray("ids").add(beginId);
        token.putArray("tokens").add(begin);
        return processor;
    }

    private ObjectNode decoder() {
        ObjectNode decoder = JSON.createObjectNode().put("type", "Sequence");
        ArrayNode decoders = decoder.putArray("decoders");
        decoders.add(replace("▁", " "));
        decoders.addObject().put("type", "ByteFallback");
        decoders.addObject().put("type", "Fuse");
        if (dummyPrefix) {
            decoders.addObject()
                    .put("type", "Strip")
                    .put("content", " ")
                    .put("start", 1)
                    .put("stop", 0);
        }
        return decoder;
    }

    private static ObjectNode replace(String from, String to) {
        ObjectNode replace = JSON.createObjectNode().put("type", "Replace");
        replace.putObject("pattern").put("String", from);
        return replace.put("content", to);
    }

    /// The fields of a protocol buffer message.
    private static final class Fields {

        private final ByteBuffer in;

        interface Reader {
            /// @param value the bytes of a string or message; else the number as a little-endian int or float
            void field(int field, ByteBuffer value);
        }

        Fields(byte[] bytes) {
            this(ByteBuffer.wrap(bytes));
        }

        Fields(ByteBuffer in) {
            this.in = in.slice().order(ByteOrder.LITTLE_ENDIAN);
        }

        void forEach(Reader reader) {
            while (in.hasRemaining()) {
                long key = varint();
                int field = (int) (key >>> 3);
                switch ((int) (key & 7)) {
                    case 0 -> reader.field(field, number((int) varint()));
                    case 1 -> take(8);
                    case 2 -> reader.field(field, take(varint()));
                    case 5 -> reader.field(field, take(4));
                    default -> throw damaged();
                }
            }
        }

        private static ByteBuffer number(int value) {
            return ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(0, value);
        }

        private ByteBuffer take(long length) {
            if (length < 0 || length > in.remaining()) {
                throw damaged();
            }
            ByteBuffer part = in.slice(in.position(), (int) length).order(ByteOrder.LITTLE_ENDIAN);
            in.position(in.position() + (int) length);
            return part;
        }

        private long varint() {
            long value = 0;
            for (int shift = 0; shift < 64; shift += 7) {
                if (!in.hasRemaining()) {
                    throw damaged();
                }
                byte next = in.get();
                value |= (next & 0x7FL) << shift;
                if (next >= 0) {
                    return value;
                }
            }
            throw damaged();
        }

        private static FormatException damaged() {
            return new FormatException("tokenizer.model is damaged: it is not a SentencePiece model");
        }
    }
}
