"""``graphspec inspect occlusion``."""

from __future__ import annotations

import numpy as np
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from graphspec.api import Checkpoint
from graphspec.cli.inspect.opened import ExampleOption, ImageOption, SplitOption, open_look
from graphspec.cli.output import err, say
from graphspec.cli.pictures import Outputs, give
from graphspec.errors import DataError
from graphspec.inspect.occlusion import Occlusion, occlude
from graphspec.inspect.pictures.occlusion import OcclusionPicture


def occlusion_command(
    name: str,
    *,
    data: str | None = None,
    split: SplitOption = "validation",
    example: ExampleOption = 0,
    image: ImageOption = None,
    size: int | None = None,
    stride: int = 1,
    fill: float | None = None,
    classes: str | None = None,
    log_odds: bool = False,
    checkpoint: Checkpoint = "best",
    output: Outputs = (),
    json: bool = False,
) -> None:
    """How the probability of a class changes as a square slides over an image.

    Where it falls, the network looked (Zeiler and Fergus 2014). A point of the map is the middle
    of the square.

    Parameters
    ----------
    name
        A run (folder, name, or "latest"); or a network file or model, with its first weights.
    data
        Another data set than the one that the settings name.
    size
        The side of the square in pixels; by default a quarter of the image's shorter side.
    stride
        How far it moves, in pixels.
    fill
        The value of covered pixels; by default the mean of each channel of the image.
    classes
        Numbers or names of classes with commas between them; by default the most likely one.
    log_odds
        Draw how far the log-odds fall: it shows something where the network is all but sure.
    checkpoint
        Which weights of the run: "best", "latest", or the step of a checkpoint.
    output
        Where to write, by the ending: the picture (.svg, .png, .pdf) or its numbers (.json, .npz);
        by default occlusion.png. May be given several times.
    json
        Print the numbers as JSON.
    """
    look = open_look(name, data, checkpoint)
    x, what = look.example(split, example, image)
    side = max(1, min(x.shape[-2:]) // 4) if size is None and x.ndim == 3 else size or 1
    columns = (TextColumn("covering"), BarColumn(), TimeRemainingColumn())
    found: Occlusion | None = None
    with Progress(
        *columns, console=err, transient=True, disable=json or not err.is_terminal
    ) as progress:
        task = progress.add_task("", total=1.0)
        for found in occlude(look.probe, x, size=side, stride=stride, fill=fill):
            progress.update(task, completed=found.done)
    assert found is not None
    names = [look.probe.class_name(k) for k in range(len(found.whole))]
    chosen = _chosen(classes, names, found)
    title = f"{look.name}: {what}, covered in parts"
    picture = OcclusionPicture(found, chosen, names, title, log_odds)
    give(picture, output, "occlusion.png", json=json)
    if not json:
        for k in chosen:
            r, c = np.unravel_index(found.covered[k].argmin(), found.covered[k].shape)
            say(
                f"{names[k]}: {found.whole[k]:.1%} uncovered, {found.covered[k, r, c]:.1%} with "
                f"rows {found.tops[r]}-{found.tops[r] + side - 1} and columns "
                f"{found.lefts[c]}-{found.lefts[c] + side - 1} covered"
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
