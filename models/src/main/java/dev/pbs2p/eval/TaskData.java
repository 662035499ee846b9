package dev.pbs2p.eval;

import dev.pbs2p.data.Records;
import dev.pbs2p.format.FormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// Finds and reads the files of a task; several are read in the order of their names.
final class TaskData {

    private TaskData() {}

    /// @param limit most questions, from the first on
    /// @throws FormatException if there are no files, or a record is not of this task
    static List<Question> read(Path folder, Task task, int limit) {
        List<Question> questions = new ArrayList<>();
        for (Path file : files(folder, task)) {
            try (Records records = Records.open(file)) {
                for (int number = 1; records.hasNext() && questions.size() < limit; number++) {
                    questions.add(question(task, new Fields("record " + number + " of " + file, records.next())));
                }
            }
        }
        if (questions.isEmpty()) {
            throw new FormatException("the files of " + task.title() + " in " + folder + " hold no questions");
        }
        return questions;
    }

    private static Question question(Task task, Fields fields) {
        try {
            return task.question(fields);
        } catch (IllegalArgumentException e) {
            throw new FormatException(fields.where() + " is no question of " + task.title() + ": " + e.getMessage(), e);
        }
    }

    private static List<Path> files(Path folder, Task task) {
        if (!Files.isDirectory(folder)) {
            throw new FormatException("there is no folder " + folder + " with the data of the tasks");
        }
        for (String place : List.of(task.title(), task.hubFolder())) {
            List<Path> files = files(folder.resolve(place), task.split());
            if (!files.isEmpty()) {
                return files;
            }
        }
        throw new FormatException("no data of " + task.title() + ": put the files of its " + task.split() + " split in "
                + folder + " as " + task.title() + "/" + task.split() + ".jsonl, or as on the hub under "
                + task.hubFolder());
    }

    private static List<Path> files(Path folder, String split) {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> all = Files.list(folder)) {
            return all.filter(file -> file.getFileName().toString().startsWith(split))
                    .filter(Records::isRecords)
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new FormatException("cannot list " + folder + ": " + e.getMessage(), e);
        }
    }
}
