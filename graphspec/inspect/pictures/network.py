"""A dense network as circles and lines."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from graphspec.errors import SpecError
from graphspec.graph import GraphSpec
from graphspec.inspect.pictures.sheet import FAINT, INK, QUIET, SMALL, Picture, bare, colour, mixed
from graphspec.layers.linear import Linear
from graphspec.plan import compile_graph

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST = 12
"""Circles in a column; of wider layers the first and the last are drawn."""
_PASSED = ("flatten", "dropout", "batch_norm", "layer_norm", "gaussian_noise")
"""Kinds that change no number of units: they are named, and have no circles of their own."""


@dataclass(frozen=True)
class Column:
    """Units that stand above each other."""

    name: str
    units: int
    after: tuple[str, ...] = ()
    """What follows on every unit: activations, dropout."""

    @property
    def drawn(self) -> list[int]:
        """The numbers of the units that are drawn, from 0."""
        if self.units <= MOST:
            return list(range(self.units))
        half = MOST // 2
        return [*range(half), *range(self.units - half + 1, self.units)]


@dataclass(frozen=True, eq=False)
class NetworkPicture(Picture):
    """Every unit a circle, every weight a line, as in the notes (nn.png).

    Source: CS231n notes, Neural Networks 1, neural network architectures.
    """

    name: str
    columns: tuple[Column, ...]
    params: int

    @property
    def neurons(self) -> int:
        """All units but the inputs."""
        return sum(column.units for column in self.columns[1:])

    @property
    def title(self) -> str:
        """The name, the layers (the input is not counted), and the sizes."""
        layers = len(self.columns) - 1
        return (
            f"{self.name}: {layers} layer{'s' if layers > 1 else ''}, {self.neurons:,} neurons, "
            f"{self.params:,} parameters"
        )

    def extent(self) -> tuple[float, float]:
        """As wide as there are layers, as high as the widest of them."""
        tallest = max(len(column.drawn) + (column.units > MOST) for column in self.columns)
        return max(5.2, 1.9 * len(self.columns) + 0.4), 0.42 * (tallest + 1.6) + 0.45

    def numbers(self) -> dict[str, Any]:
        """The columns and the counts."""
        return {
            "columns": [
                {"name": column.name, "units": column.units, "after": list(column.after)}
                for column in self.columns
            ],
            "neurons": self.neurons,
            "parameters": self.params,
        }

    def draw(self, figure: Figure) -> None:
        """Columns from left to right, lines behind circles."""
        from matplotlib.collections import LineCollection
        from matplotlib.patches import Circle

        axes = figure.add_subplot()
        bare(axes)
        axes.set_title(self.title)
        gap = self.extent()[0] / len(self.columns) / 0.42
        places = [_places(column, i * gap) for i, column in enumerate(self.columns)]
        for before, after in pairwise(places):
            lines = [(start, end) for start in before for end in after]
            axes.add_collection(
                LineCollection(lines, colors=QUIET, linewidths=0.5, alpha=0.45, zorder=1)
            )
        last = len(self.columns) - 1
        lowest = min(float(spots[:, 1].min()) for spots in places)
        for i, (column, spots) in enumerate(zip(self.columns, places, strict=True)):
            hue = 3 if i == 0 else 2 if i == last else 0
            for spot in spots:
                axes.add_patch(
                    Circle(tuple(spot), 0.34, fc=mixed(hue, 0.25), ec=colour(hue), lw=1.1, zorder=2)
                )
            if column.units > MOST:
                _dots(axes, spots)
            shown = " → ".join((column.name, *column.after))
            axes.text(
                spots[0, 0], lowest - 0.75, shown, ha="center", va="top", fontsize=SMALL, color=INK
            )
            axes.text(
                spots[0, 0], lowest - 1.35, f"{column.units:,}", ha="center", va="top",
                fontsize=SMALL, color=QUIET,
            )  # fmt: skip
        axes.set_aspect("equal")
        axes.set_xlim(-gap / 2, (last + 0.5) * gap)
        axes.set_ylim(lowest - 1.9, -lowest + 0.6)


def network_picture(spec: GraphSpec) -> NetworkPicture:
    """The columns of a chain of dense layers.

    Raises:
        SpecError: the network has problems, or is no chain of dense layers.
    """
    plan = compile_graph(spec)
    body = [node for node in plan.nodes if not node.layer.is_loss]
    if not body:
        raise SpecError(f"{spec.name!r} has no layers to draw")
    source = body[0].layer.inputs[0]
    if source not in plan.inputs:
        raise SpecError(f"the first layer of {spec.name!r} does not read an input")
    columns = [Column(source, prod(plan.inputs[source].shape))]
    before = source
    for node in body:
        kind = str(node.layer.model_dump(include={"kind"})["kind"])
        if node.layer.inputs != (before,):
            raise SpecError(_refusal(spec.name, node.id, "does not read the layer before it alone"))
        if isinstance(node.layer, Linear):
            columns.append(Column(node.id, node.layer.units))
        elif node.layer.group == "Activation" or kind in _PASSED:
            last = columns[-1]
            if kind != "flatten":
                columns[-1] = Column(last.name, last.units, (*last.after, kind))
        else:
            raise SpecError(_refusal(spec.name, node.id, f"is a {kind}"))
        before = node.id
    if len(columns) < 2:
        raise SpecError(f"{spec.name!r} has no linear layer, so that there are no neurons to draw")
    trained = [param for param in plan.params.values() if param.trained]
    return NetworkPicture(
        spec.name, tuple(columns), sum(int(np.prod(param.shape)) for param in trained)
    )


def _refusal(name: str, layer: str, why: str) -> str:
    return (
        f"circles and lines are for chains of linear layers, and {layer!r} of {name!r} {why}. Use "
        "graphspec picture data-flow, or graphspec summary"
    )


def _places(column: Column, x: float) -> np.ndarray:
    """Where the circles are, (drawn, 2), the first on top, the middle at zero."""
    drawn = column.drawn
    rows = np.arange(len(drawn), dtype=np.float64)
    if column.units > MOST:
        rows[np.array(drawn) >= MOST // 2] += 1  # room for the dots
    return np.stack([np.full(len(rows), x), (rows.max() / 2 - rows)], axis=1)


def _dots(axes: Axes, spots: np.ndarray) -> None:
    rest = spots[MOST // 2 - 1 : MOST // 2 + 1, 1].mean()
    for offset in (-0.3, 0.0, 0.3):
        axes.plot(spots[0, 0], rest + offset, "o", color=FAINT, mec=QUIET, mew=0.5, ms=2.5)
