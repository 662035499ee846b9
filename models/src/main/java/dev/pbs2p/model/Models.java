package dev.pbs2p.model;

import dev.pbs2p.format.FormatException;
import dev.pbs2p.generate.Model;
import dev.pbs2p.kernel.Backend;
import dev.pbs2p.tensor.Checkpoint;
import java.util.List;

/// Chooses the architecture that a checkpoint's `config.json` names.
public final class Models {

    private static final List<String> LLAMA = List.of("LlamaForCausalLM", "MistralForCausalLM");
    private static final String OPT = "OPTForCausalLM";

    private Models() {}

    /// Loads a model's weights into a backend. The caller keeps both: close the model, then the backend, then the
    /// checkpoint, whose memory the weights may use.
    ///
    /// @throws FormatException if the architecture is not supported, or a weight is missing or has the wrong shape
    public static Model open(Checkpoint checkpoint, Backend backend) {
        Config config = Config.of(checkpoint);
        List<String> architectures = config.texts("architectures");
        if (architectures.stream().anyMatch(LLAMA::contains)) {
            return new Llama(LlamaConfig.parse(config), checkpoint, backend);
        }
        if (architectures.contains(OPT)) {
            return new Opt(OptConfig.parse(config), checkpoint, backend);
        }
        throw config.unusable("architectures", "one of " + String.join(", ", LLAMA) + ", " + OPT);
    }
}
