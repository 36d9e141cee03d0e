"""``graphspec inspect mistakes``."""

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
from graphspec.errors import DataError
from graphspec.inspect.mistakes import most_wrong
from graphspec.inspect.pictures.tiles import Tiles


def mistakes_command(
    name: Name,
    *,
    data: DataOption = None,
    split: SplitOption = "validation",
    count: int = 24,
    checkpoint: CheckpointOption = "best",
    output: OutputOption = (),
    choice: EngineOptions = AS_BEFORE,
    json: JsonOption = False,
) -> None:
    """The images that a classifier gets most wrong: their own class is the least likely.

    Not of the test split: what is learnt from its mistakes is learnt from it.

    Parameters
    ----------
    count
        How many to show.
    """
    leave_test_alone(split, "--predictions FILE writes every answer")
    look = open_look(name, data, checkpoint, choice=choice)
    x, labels = look.examples(split)
    found = most_wrong(look.probe.probabilities(x), labels, count=count)
    if not found:
        raise DataError(f"every one of the {len(x):,} {split} examples is classified rightly")
    images = x[[item.example for item in found]]
    if images.ndim != 4:
        raise DataError("these examples are no images")
    low, high = float(images.min()), float(images.max())
    shown = (images.astype(np.float64) - low) / ((high - low) or 1.0)
    tiles = np.moveaxis(shown, 1, -1) if shown.shape[1] == 3 else shown[:, 0]
    names = tuple(
        f"{look.probe.class_name(item.label)}: {look.probe.class_name(item.predicted)} "
        f"{item.certainty:.0%}"
        for item in found
    )
    title = f"{look.name}: {split} examples that are most wrong"
    give(Tiles(tiles, title, names), output, "mistakes.png", json=json)
    if not json:
        for item, words in zip(found, names, strict=True):
            say(f"{split} {item.example}, {words}")
