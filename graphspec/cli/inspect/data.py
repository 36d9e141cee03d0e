"""``graphspec inspect data``."""

from __future__ import annotations

from graphspec.cli.inspect.opened import (
    DataOption,
    JsonOption,
    Name,
    OutputOption,
    SplitOption,
    open_look,
)
from graphspec.cli.output import say
from graphspec.cli.pictures import give
from graphspec.engines.base import Array
from graphspec.inspect.examples import class_counts, stage_of
from graphspec.inspect.pictures.examples import ExamplesPicture, count_table


def data_command(
    name: Name,
    *,
    data: DataOption = None,
    split: SplitOption = "train",
    count: int = 8,
    seed: int = 0,
    output: OutputOption = (),
    json: JsonOption = False,
) -> None:
    """The examples as they are, as augmentation changes them, and as the network reads them.

    Parameters
    ----------
    count
        How many, the first ones.
    seed
        Of the augmentation's draw.
    """
    look = open_look(name, data, "latest")
    found, config = look.opened.data, look.opened.config
    x, y = look.examples(split, count)
    stages = {"raw": x}
    if config.augment:
        stages["augmented"] = stage_of(found, config.augment, x, y, "augmented", seed)
    if config.preprocess:
        stages["preprocessed"] = stage_of(found, config.augment, x, y, "preprocessed")
    counts: dict[str, Array] = {}
    if look.is_classifier:
        counts = {part: class_counts(y, len(found.classes)) for part, (_, y) in found.parts.items()}
    captions = tuple(
        look.probe.class_name(int(label)) if look.is_classifier else str(i)
        for i, label in enumerate(y)
    )
    table = count_table(counts, found.classes)
    picture = ExamplesPicture(stages, captions, table, f"{look.name}: {split} examples")
    give(picture, output, "data.png", json=json)
    if not json:
        for part, of in table.items():
            say(f"{part}: " + ", ".join(f"{word} {n}" for word, n in of.items()))
