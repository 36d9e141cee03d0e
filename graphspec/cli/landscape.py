"""``graphspec landscape``."""

from __future__ import annotations

from typing import Literal

from graphspec.api import Checkpoint
from graphspec.cli.engine import EngineOptions
from graphspec.cli.opening import Opened, open_network
from graphspec.cli.output import say
from graphspec.cli.pictures import Examples, Outputs, give
from graphspec.engines.base import Array
from graphspec.engines.choosing import AS_BEFORE
from graphspec.errors import OptionError
from graphspec.inspect.landscape import (
    Loss,
    between,
    loss_along_ray,
    loss_on_plane,
    positions,
    random_direction,
)
from graphspec.inspect.pictures.landscape import PlanePicture, RayPicture


def landscape(
    name: str,
    *,
    data: str | None = None,
    plane: bool = False,
    span: float = 1.0,
    points: int | None = None,
    direction: Literal["filter", "none"] = "filter",
    towards: str | None = None,
    examples: Examples = 500,
    checkpoint: Checkpoint = "best",
    seed: int = 0,
    output: Outputs = (),
    choice: EngineOptions = AS_BEFORE,
    json: bool = False,
) -> None:
    """The loss along a direction through the weights, or on a plane of two directions.

    L(W + a·W₁), or L(W + a·W₁ + b·W₂) with --plane, over the first training examples, penalties
    included; at a = b = 0 it is the loss of the network as it is.

    Parameters
    ----------
    name
        A network file or model, with its first weights; or a run, with its trained ones.
    data
        Another data set than the one that the settings name.
    plane
        Take two directions, and draw a map.
    span
        How far to go to both sides, in lengths of the direction.
    points
        At how many places along each direction, an odd number; by default 101, on a plane 41.
    direction
        How random directions are scaled: "filter" brings the part of each unit to the length of
        its weights (Li et al. 2018), "none" leaves standard normal numbers.
    towards
        Go to other checkpoints of the run instead, by their steps: one for a ray, two with a comma
        for a plane. At a = 1 one is there.
    checkpoint
        Which weights of the run: "best", "latest", or the step of a checkpoint.
    seed
        Of the directions; and, of a network file, of its first weights.
    output
        Where to write, by the ending: the picture (.svg, .png, .pdf) or its numbers (.json, .npz);
        by default landscape.svg. May be given several times.
    json
        Print the numbers as JSON.
    """
    if examples < 1:
        raise OptionError(f"--examples is {examples}; the loss needs at least 1")
    opened = open_network(
        name,
        data,
        checkpoint=checkpoint,
        seed=seed if towards is None else None,
        choice=choice,
    )
    ways, names = _directions(opened, plane, direction, towards, seed)
    places = positions(span, points if points is not None else 41 if plane else 101)
    batches, penalties = opened.batches(examples), opened.config.penalties
    executable = opened.executable
    picture: RayPicture | PlanePicture
    if plane:
        pair = (ways[0], ways[1])
        found = loss_on_plane(executable, batches, pair, places, places, penalties)
        marks = [(1.0, 0.0, names[0]), (0.0, 1.0, names[1])] if towards else []
        picture = PlanePicture(
            found, f"{opened.name}: loss around the weights", marks=_inside(marks, span)
        )
        here = found.here
    else:
        ray = loss_along_ray(executable, batches, ways[0], places, penalties)
        shown = ((1.0, names[0]),) if towards and span >= 1 else ()
        picture = RayPicture(ray, f"{opened.name}: loss along a direction", marks=shown)
        here = ray.here
    give(picture, output, "landscape.svg", json=json)
    if not json:
        _tell(here, examples)


def _directions(
    opened: Opened,
    plane: bool,
    direction: Literal["filter", "none"],
    towards: str | None,
    seed: int,
) -> tuple[list[dict[str, Array]], list[str]]:
    count = 2 if plane else 1
    if towards is None:
        names = [str(i + 1) for i in range(count)]
        return [
            random_direction(opened.executable, seed=seed, name=item, normalise=direction)
            for item in names
        ], names
    steps = [word.strip() for word in towards.split(",")]
    if opened.run is None:
        raise OptionError("--towards goes to checkpoints of a run, and a network file has none")
    if len(steps) != count or not all(word.isdecimal() for word in steps):
        raise OptionError(
            f"--towards is {towards!r}; give the step{'s' if plane else ''} of {count} "
            f"checkpoint{'s, such as 100,200' if plane else ', such as 100'}"
        )
    own = opened.executable.weights()
    trained = {name for name, param in opened.executable.plan.params.items() if param.trained}
    ways = []
    for word in steps:
        other = opened.weights(int(word))
        ways.append(
            between({name: own[name] for name in trained}, {name: other[name] for name in trained})
        )
    return ways, [f"step {word}" for word in steps]


def _inside(
    marks: list[tuple[float, float, str]], span: float
) -> tuple[tuple[float, float, str], ...]:
    return tuple(mark for mark in marks if max(mark[:2]) <= span)


def _tell(here: Loss, examples: int) -> None:
    parts = f" = {here.data:.6g} + {here.penalty:.6g} of penalties" if here.penalty else ""
    say(f"the network's loss on at most {examples:,} training examples: {here.total:.6g}{parts}")
