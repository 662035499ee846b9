package dev.pbs2p.eval;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// The zero-shot tasks that compressed models are compared by, each as lm-evaluation-harness (EleutherAI, version
/// [#HARNESS]) puts it: the same part of the data set, the same words, the same spaces.
public enum Task {
    WINOGRANDE("winogrande", "winogrande/winogrande_xl", "validation", false),
    OPENBOOKQA("openbookqa", "openbookqa/main", "test", true),
    HELLASWAG("hellaswag", "hellaswag/data", "validation", true),
    BOOLQ("boolq", "super_glue/boolq", "validation", false),
    ARC_EASY("arc_easy", "ai2_arc/ARC-Easy", "test", true),
    ARC_CHALLENGE("arc_challenge", "ai2_arc/ARC-Challenge", "test", true),
    RTE("rte", "glue/rte", "validation", false);

    /// The version of lm-evaluation-harness whose rules these are.
    public static final String HARNESS = "0.4.9.2";

    /// WikiHow's remains in HellaSwag; like Python's, the dot stops at `\n` alone.
    private static final Pattern BRACKETS = Pattern.compile("\\[.*?]", Pattern.UNIX_LINES);

    private final String title;
    private final String hubFolder;
    private final String split;
    private final boolean normalized;

    Task(String title, String hubFolder, String split, boolean normalized) {
        this.title = title;
        this.hubFolder = hubFolder;
        this.split = split;
        this.normalized = normalized;
    }

    /// The task that the harness calls `title`.
    ///
    /// @throws IllegalArgumentException if there is none
    public static Task of(String title) {
        return Arrays.stream(values())
                .filter(task -> task.title.equals(title))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("there is no task " + title + ", but "
                        + Arrays.stream(values()).map(Task::title).collect(Collectors.joining(", "))));
    }

    /// Its name in the harness: `arc_easy`, say.
    public String title() {
        return title;
    }

    /// Whether the harness also reports the accuracy by log-likelihood a character (acc_norm).
    public boolean normalized() {
        return normalized;
    }

    /// Its questions, from the files of its data set in a folder: `TITLE/SPLIT*` (`arc_easy/test.jsonl`), or where the
    /// hub's folders put them (`ai2_arc/ARC-Easy/test-…`).
    ///
    /// @param limit most questions, from the first on
    /// @throws dev.pbs2p.format.FormatException if there are no files, or a record is not of this task
    public List<Question> questions(Path folder, int limit) {
        return TaskData.read(folder, this, limit);
    }

    /// The data set's name and the folder of its files on the Hugging Face hub.
    String hubFolder() {
        return hubFolder;
    }

    /// The part of the data set that is asked.
    String split() {
        return split;
    }

    /// @throws dev.pbs2p.format.FormatException if a field is missing or of the wrong kind
    /// @throws IllegalArgumentException if the right answer is not among the choices
    Question question(Fields fields) {
        return switch (this) {
            case WINOGRANDE -> winogrande(fields);
            case OPENBOOKQA -> openBook(fields);
            case HELLASWAG -> hellaSwag(fields);
            case BOOLQ -> boolQ(fields);
            case ARC_EASY, ARC_CHALLENGE -> arc(fields);
            case RTE -> rte(fields);
        };
    }

    /// Two sentences that differ in the name put for the gap; what follows the gap is scored after each.
    private static Question winogrande(Fields fields) {
        String sentence = fields.text("sentence");
        int gap = sentence.indexOf('_');
        if (gap < 0) {
            throw new IllegalArgumentException("its sentence has no gap \"_\"");
        }
        String rest = " " + PythonText.strip(sentence.substring(gap + 1));
        List<String> begun = List.of(
                sentence.substring(0, gap) + fields.text("option1"),
                sentence.substring(0, gap) + fields.text("option2"));
        return new Question(begun, List.of(rest, rest), begun, fields.index("answer") - 1);
    }

    private static Question openBook(Fields fields) {
        return labelled(fields.text("question_stem"), fields);
    }

    private static Question arc(Fields fields) {
        return labelled("Question: " + fields.text("question") + "\nAnswer:", fields);
    }

    private static Question labelled(String context, Fields fields) {
        Fields choices = fields.object("choices");
        int gold = choices.texts("label").indexOf(fields.text("answerKey").stripLeading());
        return Question.of(context, choices.texts("text"), gold);
    }

    private static Question hellaSwag(Fields fields) {
        String context = fields.text("ctx_a") + " " + PythonText.capitalize(fields.text("ctx_b"));
        return Question.of(
                withoutBrackets(fields.text("activity_label") + ": " + context),
                fields.texts("endings").stream().map(Task::withoutBrackets).toList(),
                fields.index("label"));
    }

    private static String withoutBrackets(String text) {
        String titles = PythonText.strip(text).replace(" [title]", ". ");
        return BRACKETS.matcher(titles).replaceAll("").replace("  ", " ");
    }

    private static Question boolQ(Fields fields) {
        String context = fields.text("passage") + "\nQuestion: " + fields.text("question") + "?\nAnswer:";
        return Question.of(context, List.of("no", "yes"), fields.index("label"));
    }

    private static Question rte(Fields fields) {
        String context =
                fields.text("sentence1") + "\nQuestion: " + fields.text("sentence2") + " True or False?\nAnswer:";
        return Question.of(context, List.of("True", "False"), fields.index("label"));
    }
}
