"""The loss along a ray, on a plane, and of three points in one dimension."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from graphspec.engines.base import Array
from graphspec.engines.numpy import NumpyEngine
from graphspec.graph import GraphSpec
from graphspec.inspect.landscape import Loss, Plane, Ray, loss_along_ray, positions
from graphspec.inspect.pictures.sheet import (
    INK,
    QUIET,
    SMALL,
    Picture,
    colour,
    quiet_grid,
)
from graphspec.plan import compile_graph

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Of losses that differ by more than this factor, a linear scale shows the largest alone.
_WIDE = 50.0


@dataclass(frozen=True, eq=False)
class RayPicture(Picture):
    """The loss over a; with penalties also the data loss, so that one sees what each is."""

    ray: Ray
    title: str
    along: str = "a, steps along the direction"
    marks: tuple[tuple[float, str], ...] = ()
    """Places worth a name, such as checkpoints."""

    def numbers(self) -> dict[str, Any]:
        """Positions, data loss, penalty and their sum; and the loss of the network as it is."""
        return {
            "a": self.ray.positions,
            "loss": self.ray.total,
            "data": self.ray.data,
            "penalty": self.ray.penalty,
            "here": _told(self.ray.here),
        }

    def draw(self, figure: Figure) -> None:
        """A curve, and a mark where the network is."""
        axes = figure.add_subplot()
        ray = self.ray
        total, here = _finite(ray.total), ray.here.total
        if ray.penalty.any():
            axes.plot(ray.positions, total, color=colour(0), label="with penalties")
            axes.plot(
                ray.positions, _finite(ray.data), color=colour(5), lw=1.2, label="data loss alone"
            )
            axes.legend(loc="upper center")
        else:
            axes.plot(ray.positions, total, color=colour(0))
        if np.nanmin(total) > 0 and np.nanmax(total) > _WIDE * np.nanmin(total):
            axes.set_yscale("log")
        axes.plot([0], [here], "o", color=colour(1), ms=6, zorder=3)
        axes.annotate(
            f"the network: {here:.4g}",
            (0, here),
            xytext=(0, 9),
            textcoords="offset points",
            ha="center",
            bbox={"fc": "white", "ec": "none", "alpha": 0.8, "pad": 1},
            color=colour(1),
            fontsize=SMALL,
        )
        for place, name in self.marks:
            axes.axvline(place, color=QUIET, lw=0.8, ls=":")
            axes.text(
                place, 1, f" {name}", transform=axes.get_xaxis_transform(), fontsize=SMALL, va="top"
            )
        axes.set(title=self.title, xlabel=self.along, ylabel="loss")
        axes.margins(x=0.02, y=0.12)
        quiet_grid(axes)


@dataclass(frozen=True, eq=False)
class PlanePicture(Picture):
    """The loss as a map over a and b, darker where it is lower."""

    size: ClassVar[tuple[float, float]] = (5.6, 4.6)

    plane: Plane
    title: str
    along: tuple[str, str] = ("a", "b")
    marks: tuple[tuple[float, float, str], ...] = ()

    def numbers(self) -> dict[str, Any]:
        """The positions, and the losses as (b, a)."""
        return {
            "a": self.plane.first,
            "b": self.plane.second,
            "loss": self.plane.total,
            "data": self.plane.data,
            "penalty": self.plane.penalty,
            "here": _told(self.plane.here),
        }

    def draw(self, figure: Figure) -> None:
        """A heat map with lines of equal loss, and a cross where the network is."""
        from matplotlib.colors import LogNorm, Normalize

        axes = figure.add_subplot()
        total = _finite(self.plane.total)
        low, high = float(np.nanmin(total)), float(np.nanmax(total))
        wide = low > 0 and high > _WIDE * low
        norm = LogNorm(low, high) if wide else Normalize(low, high)
        a, b = self.plane.first, self.plane.second
        drawn = axes.pcolormesh(a, b, total, norm=norm, shading="nearest", rasterized=True)
        if high > low:
            levels = np.geomspace(low, high, 12) if wide else np.linspace(low, high, 12)
            axes.contour(
                a, b, total, levels=levels[1:-1], colors="white", linewidths=0.5, alpha=0.6
            )
        axes.plot([0], [0], "+", color="white", ms=11, mew=3.5)
        axes.plot([0], [0], "+", color=INK, ms=10, mew=1.5)
        for x, y, name in self.marks:
            axes.plot([x], [y], "o", color="white", mec=INK, ms=5)
            axes.annotate(
                name,
                (x, y),
                xytext=(6, 4),
                textcoords="offset points",
                color="white",
                fontsize=SMALL,
                weight="bold",
            )
        axes.set(title=self.title, xlabel=self.along[0], ylabel=self.along[1])
        axes.set_xlim(a[0], a[-1])
        axes.set_ylim(b[0], b[-1])
        bar = figure.colorbar(drawn, ax=axes, label="loss", pad=0.02)
        bar.outline.set_visible(False)


@dataclass(frozen=True, eq=False)
class SvmSum(Picture):
    """The SVM loss of three points in one dimension as a function of one weight.

    Every point's loss is a hinge; their mean is convex and made of straight pieces.

    Source: CS231n notes, Optimization 1.
    """

    size: ClassVar[tuple[float, float]] = (8.4, 3.4)

    weight: Array
    """The weight w₀ of the first class."""
    losses: Array
    """(3, points): the loss of each example."""
    mean: Array
    """Their mean, as the network of all three has it."""
    x: Array
    labels: Array
    others: tuple[float, float]
    """w₁ and w₂, which stay."""

    def numbers(self) -> dict[str, Any]:
        """The points, the weights, and the losses over the first of these."""
        return {
            "x": self.x,
            "label": self.labels,
            "w1": self.others[0],
            "w2": self.others[1],
            "w0": self.weight,
            "losses": self.losses,
            "mean": self.mean,
        }

    def draw(self, figure: Figure) -> None:
        """The hinges on the left, their mean on the right."""
        left, right = figure.subplots(1, 2, sharey=True)
        for i, row in enumerate(self.losses):
            left.plot(
                self.weight,
                row,
                color=colour(i),
                label=f"x = {self.x[i]:g}, class {self.labels[i]}".replace("-", "−"),
            )
        left.legend(loc="upper right")
        right.plot(self.weight, self.mean, color=INK)
        # The slope of a straight piece does not change: where it does, one hinge begins or ends.
        kinks = 1 + np.flatnonzero(np.abs(np.diff(self.mean, 2)) > 1e-9)
        right.plot(self.weight[kinks], self.mean[kinks], "o", color=colour(1), ms=4, label="kinks")
        right.legend(loc="upper right")
        for axes, title in ((left, "Each example's loss"), (right, "Their mean, the data loss")):
            axes.set(title=title, xlabel="w₀, the weight of class 0")
            quiet_grid(axes)
        left.set_ylabel("loss")
        left.set_ylim(bottom=0)


def svm_sum(
    x: tuple[float, float, float] = (1.0, -0.5, -2.0),
    others: tuple[float, float] = (0.5, -1.0),
    *,
    span: float = 4.0,
    points: int = 401,
) -> SvmSum:
    """Compute the losses of three points of the classes 0, 1 and 2 by a network of three weights.

    Args:
        x: the three examples, a number each.
        others: the weights of the classes 1 and 2.
        span: how far the weight of class 0 goes in both directions.
        points: at how many places, an odd number.
    """
    spec = GraphSpec.model_validate(
        {
            "name": "three points",
            "inputs": {"x": {"shape": [1]}, "label": {"classes": 3}},
            "layers": [
                {"kind": "linear", "id": "scores", "inputs": ["x"], "units": 3, "bias": False},
                {"kind": "hinge_loss", "id": "loss", "inputs": ["scores", "label"]},
            ],
            "outputs": ["scores"],
        }
    )
    weights = {"scores.weight": np.array([[0.0, *others]])}
    executable = NumpyEngine("float64").load(compile_graph(spec), seed=0, weights=weights)
    feeds = {"x": np.array(x)[:, None], "label": np.arange(3)}
    direction = {"scores.weight": np.array([[1.0, 0.0, 0.0]])}
    places = positions(span, points)
    rays = [
        loss_along_ray(
            executable, [{key: value[i : i + 1] for key, value in feeds.items()}], direction, places
        ).data
        for i in range(3)
    ]
    mean = loss_along_ray(executable, [feeds], direction, places).data
    return SvmSum(places, np.array(rays), mean, np.array(x), np.arange(3), others)


def _finite(losses: Array) -> Array:
    return np.where(np.isfinite(losses), losses, np.nan)


def _told(loss: Loss) -> dict[str, float]:
    return {"loss": loss.total, "data": loss.data, "penalty": loss.penalty}
