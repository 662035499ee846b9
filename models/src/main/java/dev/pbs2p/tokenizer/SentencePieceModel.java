package dev.pbs2p.tokenizer;

import dev.pbs2p.format.FormatException;
import dev.pbs2p.tokenizer.VocabularyToken.Kind;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/// A `tokenizer.model`, as SentencePiece writes it: a protocol buffer with pieces and their scores. It is turned into
/// the `tokenizer.json` that means the same.
final class SentencePieceModel {

    private static final int BPE = 2;

    private final List<VocabularyToken> pieces = new ArrayList<>();
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
        return model.vocabulary().tokenizerJson();
    }

    private SentencePieceVocabulary vocabulary() {
        boolean begins = beginId >= 0 && beginId < pieces.size();
        return new SentencePieceVocabulary(
                pieces,
                Math.clamp(unknownId, 0, pieces.size() - 1),
                begins ? OptionalInt.of(beginId) : OptionalInt.empty(),
                dummyPrefix);
    }

    private static VocabularyToken piece(ByteBuffer message) {
        String[] text = {""};
        float[] score = {0};
        int[] type = {1};
        new Fields(message).forEach((field, value) -> {
            switch (field) {
                case 1 -> text[0] = StandardCharsets.UTF_8.decode(value).toString();
                case 2 -> score[0] = Float.intBitsToFloat(Fields.toInt(value));
                case 3 -> type[0] = Fields.toInt(value);
                default -> {}
            }
        });
        return new VocabularyToken(text[0], score[0], Kind.of(type[0]));
    }

    private void trainer(ByteBuffer message) {
        new Fields(message).forEach((field, value) -> {
            switch (field) {
                case 3 -> modelType = Fields.toInt(value);
                case 40 -> unknownId = Fields.toInt(value);
                case 41 -> beginId = Fields.toInt(value);
                default -> {}
            }
        });
    }

    private void normalizer(ByteBuffer message) {
        new Fields(message).forEach((field, value) -> {
            switch (field) {
                case 2 -> normalizes = value.hasRemaining();
                case 3 -> dummyPrefix = Fields.toInt(value) != 0;
                default -> {}
            }
        });
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

        /// A field that is a number; where a file has a string in its place, it is damaged.
        static int toInt(ByteBuffer value) {
            if (value.remaining() != 4) {
                throw damaged();
            }
            return value.getInt(0);
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
