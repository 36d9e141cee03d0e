"""``graphspec inspect activations``."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from cyclopts import Parameter
from rich.table import Table

from graphspec.cli.engine import EngineOptions
from graphspec.cli.inspect.opened import (
    CheckpointOption,
    DataOption,
    ExamplesOption,
    ImagesOption,
    JsonOption,
    Name,
    OutputOption,
    SplitOption,
    open_look,
)
from graphspec.cli.output import out
from graphspec.cli.pictures import give
from graphspec.cli.waiting import waiting
from graphspec.engines.choosing import AS_BEFORE
from graphspec.errors import OptionError
from graphspec.inspect.activations import layer_activity
from graphspec.inspect.pictures.activity import ActivityPicture
from graphspec.inspect.pictures.column import below_each_other
from graphspec.inspect.pictures.sheet import Picture
from graphspec.inspect.pictures.tiles import Tiles


def activations_command(
    name: Name,
    layer: str | None = None,
    *,
    data: DataOption = None,
    split: SplitOption = "validation",
    example: ExamplesOption = (0,),
    image: ImagesOption = (),
    examples: Annotated[
        int, Parameter(help="Over how many examples of the split all layers are summed up.")
    ] = 1000,
    checkpoint: CheckpointOption = "best",
    output: OutputOption = (),
    choice: EngineOptions = AS_BEFORE,
    json: JsonOption = False,
) -> None:
    """The maps of a layer for an example or several; without a layer, how active all layers are.

    A map that is zero for all examples is a dead filter: the learning rate was too high, or the
    weights began badly (CS231n notes, Visualizing what ConvNets learn).

    Parameters
    ----------
    layer
        The layer whose maps are drawn. Without one, all layers are summed up over many examples.
    """
    look = open_look(name, data, checkpoint, choice=choice)
    if layer is not None:
        probes = look.probes(split, example, image)
        (values,) = look.probe.values(np.stack(list(probes.values())), [layer]).values()
        shown: dict[str, Picture] = {}
        for (what, x), value in zip(probes.items(), values, strict=True):
            maps = value if value.ndim == 3 else value.reshape(1, 1, -1)
            shown[what] = Tiles(
                maps,
                f"{look.name}: {layer} of {what}",
                names=tuple(map(str, range(len(maps)))) if value.ndim == 3 else (),
                beside=x if x.ndim == 3 else None,
            )
        give(below_each_other(shown), output, "activations.png", json=json)
        return
    if examples < 1:
        raise OptionError(f"--examples is {examples}; at least 1 is needed")
    x, _ = look.examples(split, examples)
    with waiting("counting", json=json) as progress:
        found = layer_activity(look.probe, x, progress=progress)
    picture = ActivityPicture(found, f"{look.name}: activations over {len(x):,} {split} examples")
    give(picture, output, "activations.png", json=json)
    if json:
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("layer", "mean", "deviation", "zeros", "saturated", "dead units"):
        table.add_column(title, justify="left" if title == "layer" else "right")
    for item in found.values():
        dead = f"{len(item.dead)} of {len(item.zeros)}"
        style = "bold yellow" if len(item.dead) or item.is_saturated else ""
        flat = "" if item.saturated is None else f"{item.saturated:.1%}"
        numbers = (f"{item.mean:.4g}", f"{item.std:.4g}", f"{item.share_of_zeros:.1%}", flat, dead)
        table.add_row(item.id, *numbers, style=style)
    out.print(table)
    if any(np.size(item.dead) for item in found.values()):
        out.print("dead units give the same number everywhere, for every example")
    if any(item.is_saturated for item in found.values()):
        out.print(
            "saturated values pass next to no gradient on: start with smaller weights, or take relu"
        )
