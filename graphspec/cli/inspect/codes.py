"""``graphspec inspect codes``."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from graphspec.cli.engine import EngineOptions
from graphspec.cli.inspect.opened import (
    CheckpointOption,
    DataOption,
    JsonOption,
    Name,
    OutputOption,
    SplitOption,
    open_look,
)
from graphspec.cli.output import say
from graphspec.cli.pictures import give
from graphspec.engines.choosing import AS_BEFORE
from graphspec.errors import DataError, OptionError
from graphspec.inspect.embedding import embed, neighbour_purity
from graphspec.inspect.pictures.codes import CodesPicture


def codes_command(
    name: Name,
    layer: str,
    *,
    examples: Annotated[int, Parameter(help="How many examples of the split are laid out.")] = 1000,
    perplexity: float = 30.0,
    seed: int = 0,
    data: DataOption = None,
    split: SplitOption = "validation",
    checkpoint: CheckpointOption = "best",
    output: OutputOption = (),
    choice: EngineOptions = AS_BEFORE,
    json: JsonOption = False,
) -> None:
    """The codes of a layer for many examples, laid out in the plane by t-SNE.

    Parameters
    ----------
    layer
        The layer whose values are the codes, such as the last one before the scores.
    perplexity
        About how many neighbours each example is kept near to.
    seed
        What the layout is drawn from.
    """
    if examples < 1:
        raise OptionError(f"--examples is {examples}; at least 1 is needed")
    look = open_look(name, data, checkpoint, choice=choice)
    x, y = look.examples(split, examples)
    if not look.is_classifier:
        raise DataError("codes are coloured by class, and these examples have none")
    values = look.probe.values(x, [layer])[layer]
    found = embed(values, perplexity=perplexity, seed=seed)
    names = [look.probe.class_name(k) for k in range(int(y.max()) + 1)]
    title = f"{look.name}: codes of {layer} for {len(x):,} {split} examples"
    give(CodesPicture(found.points, y, names, title), output, "codes.png", json=json)
    if not json:
        purity = neighbour_purity(found.points, y, k=min(10, len(y) - 1))
        say(f"{purity:.1%} of the nearest neighbours in the plane are of the same class")
