"""The curves of activation functions, and of their derivatives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from graphspec.engines.base import Array
from graphspec.engines.numpy import NumpyEngine
from graphspec.errors import FeedError, SpecError
from graphspec.graph import GraphSpec
from graphspec.inspect.pictures.sheet import QUIET, SMALL, Picture, colour, quiet_grid
from graphspec.layers.catalog import BY_KIND
from graphspec.plan import compile_graph
from graphspec.spelling import did_you_mean

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def pointwise() -> tuple[str, ...]:
    """The kinds of the catalog's activations that are a function of one number."""
    # A softmax is an activation too, but each of its outputs depends on all inputs.
    return tuple(
        kind for kind, layer in BY_KIND.items() if layer.group == "Activation" and kind != "softmax"
    )


@dataclass(frozen=True, eq=False)
class Curve:
    """A function and its derivative, at the same places."""

    y: Array
    dy: Array


@dataclass(frozen=True, eq=False)
class ActivationsPicture(Picture):
    """A small graph for each activation: the function, and its derivative.

    Source: CS231n notes, Neural Networks 1, commonly used activation functions.
    """

    x: Array
    curves: Mapping[str, Curve]

    def extent(self) -> tuple[float, float]:
        """Up to four graphs a row."""
        columns = min(4, len(self.curves))
        return max(4.2, 2.3 * columns), 2.1 * -(-len(self.curves) // columns) + 0.4

    def numbers(self) -> dict[str, Any]:
        """The places, and of every kind the function (y) and the derivative (dy)."""
        return {
            "x": self.x,
            "curves": {name: {"y": curve.y, "dy": curve.dy} for name, curve in self.curves.items()},
        }

    def draw(self, figure: Figure) -> None:
        """All graphs on one scale, so that they can be compared."""
        columns = min(4, len(self.curves))
        rows = -(-len(self.curves) // columns)
        grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
        for axes in grid[len(self.curves) :]:
            axes.set_visible(False)
        for axes, (name, curve) in zip(grid, self.curves.items(), strict=False):
            axes.axhline(0, color=QUIET, lw=0.7)
            axes.axvline(0, color=QUIET, lw=0.7)
            (value,) = axes.plot(self.x, curve.y, color=colour(0))
            # A derivative that jumps is no line from the one value to the other.
            (slope,) = axes.plot(self.x, _broken(curve.dy), color=colour(1), lw=1.1)
            axes.set_title(name, weight="normal")
            quiet_grid(axes)
        lowest = min(float(curve.y.min()) for curve in self.curves.values())
        grid[0].set_ylim(max(lowest, -2.0) - 0.3, 2.6)
        figure.legend(
            [value, slope],
            ["the function", "its derivative"],
            loc="outside upper right",
            ncols=2,
            fontsize=SMALL,
        )


def activations_picture(
    kinds: Sequence[str] | None = None, *, span: float = 5.0, points: int = 501
) -> ActivationsPicture:
    """Run layers of these kinds, with their usual fields, and take their gradients.

    Args:
        kinds: the activations; None takes all of them.
        span: from −span to span.
        points: at how many places.

    Raises:
        SpecError: a kind is no activation of one number.
        FeedError: the span is not above 0, or there are fewer than 3 points.
    """
    if not 0 < span < np.inf or points < 3:
        raise FeedError(f"a curve from −{span:g} to {span:g} at {points} points cannot be drawn")
    known = pointwise()
    chosen = known if kinds is None else tuple(kinds)
    for kind in chosen:
        if kind not in known:
            raise SpecError(
                f"{kind!r} is no activation of one number; there are {', '.join(known)}"
                f"{did_you_mean(kind, known)}"
            )
    x = np.linspace(-span, span, points)
    return ActivationsPicture(x, {kind: _curve(kind, x) for kind in chosen})


def _curve(kind: str, x: Array) -> Curve:
    spec = GraphSpec.model_validate(
        {
            "name": kind,
            "inputs": {"x": {"shape": [1]}},
            "layers": [
                {"kind": kind, "id": "f", "inputs": ["x"]},
                {"kind": "sum_loss", "id": "loss", "inputs": ["f"]},
            ],
            "outputs": ["f"],
        }
    )
    executable = NumpyEngine("float64").load(compile_graph(spec), seed=0)
    feeds = {"x": x[:, None]}
    found = executable.grad(feeds, wrt="inputs")
    # The loss is the mean over the examples, of which every place is one.
    return Curve(found.values["f"][:, 0], found.by_name["x"][:, 0] * len(x))


def _broken(dy: Array) -> Array:
    """The curve with a gap where it jumps."""
    steps = np.abs(np.diff(dy))
    jumps = np.flatnonzero(steps > np.maximum(0.05, 20 * np.median(steps)))
    gapped = dy.copy()
    gapped[jumps + 1] = np.nan
    return gapped
