"""``graphspec inspect occlusion``."""

from __future__ import annotations

import numpy as np

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
from graphspec.cli.output import say
from graphspec.cli.pictures import give
from graphspec.cli.waiting import waiting
from graphspec.engines.choosing import AS_BEFORE
from graphspec.errors import DataError
from graphspec.inspect.occlusion import Occlusion, occlude, read_fill
from graphspec.inspect.pictures.column import below_each_other
from graphspec.inspect.pictures.occlusion import OcclusionPicture
from graphspec.inspect.pictures.sheet import Picture


def occlusion_command(
    name: Name,
    *,
    data: DataOption = None,
    split: SplitOption = "validation",
    example: ExamplesOption = (0,),
    image: ImagesOption = (),
    size: int | None = None,
    stride: int = 1,
    fill: str | None = None,
    classes: str | None = None,
    log_odds: bool = False,
    checkpoint: CheckpointOption = "best",
    output: OutputOption = (),
    choice: EngineOptions = AS_BEFORE,
    json: JsonOption = False,
) -> None:
    """How the probability of a class changes as a square slides over an image.

    Where it falls, the network looked (Zeiler and Fergus 2014). A point of the map is the middle
    of the square.

    Parameters
    ----------
    size
        The side of the square in pixels; by default a quarter of the image's shorter side.
    stride
        How far it moves, in pixels.
    fill
        The value of covered pixels in the data's units, or one for each channel with commas
        between them; by default the mean of each channel of the image.
    classes
        Numbers or names of classes with commas between them; by default the most likely one.
    log_odds
        Draw how far the log-odds fall: it shows something where the network is all but sure.
    """
    look = open_look(name, data, checkpoint, choice=choice)
    probes = look.probes(split, example, image)
    found: dict[str, Occlusion] = {}
    with waiting("covering", json=json) as progress:
        for i, (what, x) in enumerate(probes.items()):
            side = max(1, min(x.shape[-2:]) // 4) if size is None and x.ndim == 3 else size or 1
            value = None if fill is None else read_fill(fill, len(x))
            for part in occlude(look.probe, x, size=side, stride=stride, fill=value):
                found[what] = part
                progress((i + part.done) / len(probes))
    names = [look.probe.class_name(k) for k in range(len(next(iter(found.values())).whole))]
    shown: dict[str, Picture] = {}
    for what, item in found.items():
        title = f"{look.name}: {what}, covered in parts"
        shown[what] = OcclusionPicture(item, _chosen(classes, names, item), names, title, log_odds)
    give(below_each_other(shown), output, "occlusion.png", json=json)
    if not json:
        for what, item in found.items():
            if len(found) > 1:
                say(what)
            for k in _chosen(classes, names, item):
                _tell(names[k], k, item)


def _tell(name: str, class_: int, found: Occlusion) -> None:
    covered, (height, width) = found.covered[class_], found.size
    r, c = np.unravel_index(covered.argmin(), covered.shape)
    say(
        f"{name}: {found.whole[class_]:.1%} uncovered, {covered[r, c]:.1%} with "
        f"rows {found.tops[r]}-{found.tops[r] + height - 1} and columns "
        f"{found.lefts[c]}-{found.lefts[c] + width - 1} covered"
    )


def _chosen(classes: str | None, names: list[str], found: Occlusion) -> tuple[int, ...]:
    if classes is None:
        return (int(found.whole.argmax()),)
    chosen = []
    for word in (item.strip() for item in classes.split(",")):
        if word in names:
            chosen.append(names.index(word))
        elif word.isdecimal() and int(word) < len(names):
            chosen.append(int(word))
        else:
            raise DataError(f"there is no class {word!r}; there are {', '.join(names)}")
    return tuple(chosen)
