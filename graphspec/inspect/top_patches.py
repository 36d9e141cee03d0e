"""The parts of images that a unit answers to most."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graphspec.engines.base import Array
from graphspec.errors import Problem, SpecError
from graphspec.inspect.activations import by_unit
from graphspec.inspect.probe import BATCH, Probe
from graphspec.summary import Field, summarise


@dataclass(frozen=True, slots=True)
class Patch:
    """One answer: which example, where in the layer's map, how strong, and what it saw.

    ``box`` is (top, left, bottom, right) in pixels of the network's input; the whole image for a
    unit that sees all of it, and None for examples that are no images.
    """

    example: int
    place: tuple[int, ...]
    value: float
    box: tuple[int, int, int, int] | None


def top_patches(
    probe: Probe, x: Array, layer: str, unit: int, *, count: int = 9, batch: int = BATCH
) -> tuple[Patch, ...]:
    """The examples that a unit answers to most, strongest first, each with its receptive field.

    Of an example only the strongest place counts. Of equal answers the earlier example comes
    first.

    Args:
        probe: the network.
        x: examples (N, …) as its data set has them.
        layer: the layer's id.
        unit: the channel of its maps, or the number in its vector.
        count: how many.
        batch: how many examples are run at a time.

    Raises:
        SpecError: there is no such layer or unit.
        FeedError: as for ``Probe.values``.

    Source: Girshick et al. 2014, Rich feature hierarchies; CS231n notes, Visualizing what ConvNets
    learn.
    """
    values, places = [], []
    shape: tuple[int, ...] = ()
    for part in probe.stream(x, [layer], batch=batch):
        maps = part[layer]
        units = len(by_unit(maps[:1]))
        if not 0 <= unit < units:
            raise SpecError(
                [
                    Problem(
                        "unknown-unit",
                        f"{layer!r} has {units} units, 0 to {units - 1}, and no unit {unit}",
                        layer=layer,
                    )
                ]
            )
        shape = maps.shape[2:]
        answers = maps.reshape(len(maps), units, -1)[:, unit]
        places.append(answers.argmax(axis=1))
        values.append(answers.max(axis=1))
    strength, place = np.concatenate(values), np.concatenate(places)
    order = np.argsort(-strength, kind="stable")[:count]
    field, image = _field(probe, layer)
    return tuple(
        Patch(
            example=int(i),
            place=tuple(int(n) for n in np.unravel_index(place[i], shape)) if shape else (),
            value=float(strength[i]),
            box=_box(field, np.unravel_index(place[i], shape) if shape else (), image),
        )
        for i in order
    )


def _field(probe: Probe, layer: str) -> tuple[Field | None, tuple[int, int] | None]:
    shape = probe.plan.inputs[probe.input].shape
    image = (shape[1], shape[2]) if len(shape) == 3 else None
    rows = {row.id: row for row in summarise(probe.plan.spec).rows}
    return (rows[layer].field if image else None), image


def _box(
    field: Field | None, place: tuple[object, ...], image: tuple[int, int] | None
) -> tuple[int, int, int, int] | None:
    if image is None:
        return None
    if field is None or len(place) != 2:
        return (0, 0, *image)
    row, column = (int(n) for n in place)  # type: ignore[call-overload]
    return field.box(row, column, image)
