package dev.pbs2p.eval;

import java.util.List;

/// A question as it is put to a model: which of some continuations is the likeliest. Choice i is what makes context i
/// or continuation i differ from the others.
///
/// @param contexts what comes before each continuation; the same for all in most tasks
/// @param continuations what is scored
/// @param choices the answers as the data set has them; their lengths make the normalised accuracy
/// @param gold the right one, from 0
public record Question(List<String> contexts, List<String> continuations, List<String> choices, int gold) {

    public Question {
        contexts = List.copyOf(contexts);
        continuations = List.copyOf(continuations);
        choices = List.copyOf(choices);
        if (gold < 0 || gold >= choices.size()) {
            throw new IllegalArgumentException(
                    "the right answer is number " + gold + " of " + choices.size() + ", counted from 0");
        }
    }

    /// One context, and each choice after a space.
    static Question of(String context, List<String> choices, int gold) {
        return new Question(
                choices.stream().map(_ -> context).toList(),
                choices.stream().map(choice -> " " + choice).toList(),
                choices,
                gold);
    }
}
