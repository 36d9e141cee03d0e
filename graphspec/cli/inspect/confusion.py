"""``graphspec inspect confusion``."""

from __future__ import annotations

import numpy as np

from graphspec.cli.engine import EngineOptions
from graphspec.cli.inspect.opened import (
    CheckpointOption,
    DataOption,
    JsonOption,
    Name,
    OutputOption,
    SplitOption,
    leave_test_alone,
    open_look,
)
from graphspec.cli.output import say
from graphspec.cli.pictures import give
from graphspec.engines.choosing import AS_BEFORE
from graphspec.inspect.metrics import confusion_matrix
from graphspec.inspect.pictures.confusion import ConfusionPicture


def confusion_command(
    name: Name,
    *,
    data: DataOption = None,
    split: SplitOption = "validation",
    checkpoint: CheckpointOption = "best",
    output: OutputOption = (),
    choice: EngineOptions = AS_BEFORE,
    json: JsonOption = False,
) -> None:
    """Which classes are taken for which: a row for each class, a column for each answer.

    For the test split take graphspec evaluate --report, which counts how often it is used.
    """
    leave_test_alone(split, "--report tells the same")
    look = open_look(name, data, checkpoint, choice=choice)
    x, labels = look.examples(split)
    probabilities = look.probe.probabilities(x)
    classes = probabilities.shape[1]
    counts = confusion_matrix(labels, probabilities.argmax(axis=1), classes)
    names = [look.probe.class_name(i) for i in range(classes)]
    title = f"{look.name}: answers for {len(x):,} {split} examples"
    give(ConfusionPicture(counts, names, title), output, "confusion.png", json=json)
    if not json:
        say(f"{counts.trace() / len(x):.1%} of {len(x):,} {split} examples are right")
        wrong = counts - np.diag(np.diag(counts))
        if wrong.any():
            row, column = np.unravel_index(wrong.argmax(), wrong.shape)
            taken = f"{names[row]} is taken for {names[column]}"
            say(f"most often {taken}: {wrong.max()} of {counts[row].sum()}")
