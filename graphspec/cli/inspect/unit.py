"""``graphspec inspect unit``."""

from __future__ import annotations

from graphspec.cli.engine import EngineOptions
from graphspec.cli.inspect.opened import (
    CheckpointOption,
    DataOption,
    ExampleOption,
    ImageOption,
    Name,
    OutputOption,
    SplitOption,
    open_look,
)
from graphspec.cli.output import say
from graphspec.cli.pictures import give
from graphspec.engines.base import Array
from graphspec.engines.choosing import AS_BEFORE
from graphspec.errors import OptionError
from graphspec.inspect.pictures.unit import UnitPicture
from graphspec.inspect.unit import unit_sum


def unit_command(
    name: Name,
    layer: str,
    unit: int,
    *,
    at: str | None = None,
    data: DataOption = None,
    split: SplitOption = "validation",
    example: ExampleOption = 0,
    image: ImageOption = None,
    checkpoint: CheckpointOption = "best",
    output: OutputOption = (),
    choice: EngineOptions = AS_BEFORE,
    json: bool = False,
) -> None:
    """How one unit comes to its activation: patch × filter + bias.

    The sum is printed; with -o its parts are drawn, or written as numbers.

    Parameters
    ----------
    layer
        A conv2d or a linear layer.
    unit
        The filter, or the number in the layer's vector.
    at
        The row and the column in a convolution's map, such as 3,4.
    json
        Print patch, filter, products, bias and activation as JSON.
    """
    look = open_look(name, data, checkpoint, choice=choice)
    x, what = look.example(split, example, image)
    position = None
    if at is not None:
        words = at.split(",")
        if len(words) != 2 or not all(word.strip().isdecimal() for word in words):
            raise OptionError(f"--at is {at!r}; give a row and a column, such as 3,4")
        position = (int(words[0]), int(words[1]))
    found = unit_sum(look.probe, x, layer, unit, position)
    picture = UnitPicture(found, f"{look.name}: unit {unit} of {layer} for {what}")
    if output or json:
        give(picture, output, "unit.png", json=json)
    if json:
        return
    place = "" if position is None else f" at row {position[0]}, column {position[1]}"
    say(f"unit {unit} of {layer}{place}, for {what}")
    if found.patch.ndim == 3:
        for c, (patch, weight) in enumerate(zip(found.patch, found.weight, strict=True)):
            if len(found.patch) > 1:
                say(f"channel {c}")
            for read, times in zip(patch, weight, strict=True):
                say(f"  {_numbers(read)}   ×  {_numbers(times)}")
    sums = found.products.reshape(len(found.products), -1).sum(axis=1)
    parts = " + ".join(f"({value:.4g})" for value in sums[:8])
    more = f" + … ({len(sums)} in all)" if len(sums) > 8 else ""
    by = "channel" if found.patch.ndim == 3 else "input"
    say(f"sum of products by {by}: {parts}{more} = {found.products.sum():.6g}")
    say(f"{found.products.sum():.6g} + bias {found.bias:.6g} = {found.activation:.6g}")


def _numbers(row: Array) -> str:
    return " ".join(f"{value:8.3g}" for value in row)
