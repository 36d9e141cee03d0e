"""``graphspec inspect top``."""

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
from graphspec.inspect.pictures.patches import PatchPicture
from graphspec.inspect.top_patches import top_patches


def top_command(
    name: Name,
    layer: str,
    unit: int,
    *,
    count: int = 9,
    examples: Annotated[
        int | None, Parameter(help="How many examples of the split are tried; by default all.")
    ] = None,
    data: DataOption = None,
    split: SplitOption = "validation",
    checkpoint: CheckpointOption = "best",
    output: OutputOption = (),
    choice: EngineOptions = AS_BEFORE,
    json: JsonOption = False,
) -> None:
    """The images that a unit answers to most, each with the box of what it saw there.

    Parameters
    ----------
    layer
        The layer's id.
    unit
        The channel of its maps, or the number in its vector.
    count
        How many images.
    """
    if count < 1 or (examples is not None and examples < 1):
        raise OptionError("--count and --examples must be at least 1")
    look = open_look(name, data, checkpoint, choice=choice)
    x, _ = look.examples(split, examples)
    if x.ndim != 4:
        raise DataError(f"the examples have the shape {x.shape[1:]}: they are no images to show")
    patches = top_patches(look.probe, x, layer, unit, count=count)
    images = x[[patch.example for patch in patches]]
    title = f"{look.name}: what unit {unit} of {layer} answers to most"
    give(PatchPicture(images, patches, title), output, "top.png", json=json)
    if not json:
        best = patches[0]
        say(f"strongest: {best.value:.4g}, {split} example {best.example}")
