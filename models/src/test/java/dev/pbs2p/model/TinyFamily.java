package dev.pbs2p.model;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// A tiny random checkpoint of every model family, with the vocabulary of the bundled tokenizer; for tests of any
/// module.
public enum TinyFamily {
    /// LLaMA-1 and LLaMA-2: every query head has its own key head, the head is not tied.
    LLAMA_1,
    /// LLaMA-3: shared key heads, stretched rotary frequencies, a tied head.
    LLAMA_3,
    /// Mistral: shared key heads and a window that slides within the context.
    MISTRAL,
    /// Most sizes of OPT.
    OPT_125M,
    /// OPT-350M: norms after the halves of a block, a narrower token table.
    OPT_350M;

    /// Positions that every one of them can take.
    public static final int CONTEXT = TinyOpt.POSITIONS;

    private static final int VOCABULARY = 4096;

    /// Writes the checkpoint with the bundled model's tokenizer.
    ///
    /// @return `folder`, made if need be
    public Path write(Path folder) throws java.io.IOException {
        switch (this) {
            case LLAMA_1 -> llama().withHeads(4, 4, 10).withTied(false).write(folder);
            case LLAMA_3 ->
                llama().withConfig("rope_theta", "500000.0")
                        .withConfig("rope_scaling", """
                                {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                                 "original_max_position_embeddings": 64}""")
                        .write(folder);
            case MISTRAL ->
                llama().withTied(false)
                        .withConfig("architectures", "[\"MistralForCausalLM\"]")
                        .withConfig("sliding_window", "9")
                        .write(folder);
            case OPT_125M ->
                TinyOpt.standard().withSizes(VOCABULARY, 40, 136, 2, 4).write(folder);
            case OPT_350M ->
                TinyOpt.projected().withSizes(VOCABULARY, 40, 136, 2, 4).write(folder);
        }
        for (String name : List.of("tokenizer.json", "tokenizer_config.json")) {
            Files.copy(SharedFiles.demo().resolve(name), folder.resolve(name));
        }
        return folder;
    }

    /// Widths that fill neither a unit of 64 rows nor a group of 128 columns.
    private static TinyLlama llama() {
        return TinyLlama.standard().withSizes(VOCABULARY, 40, 136, 2).withHeads(4, 2, 10);
    }
}
