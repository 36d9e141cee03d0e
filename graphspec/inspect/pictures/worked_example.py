"""A linear classifier of four pixels and three classes, with every number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from graphspec.engines.base import Array
from graphspec.engines.numpy import NumpyEngine
from graphspec.errors import FeedError
from graphspec.graph import GraphSpec
from graphspec.inspect.pictures.sheet import FAINT, INK, QUIET, SMALL, Picture, bare, colour, mixed
from graphspec.plan import compile_graph

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PIXELS = (56.0, 231.0, 24.0, 2.0)
WEIGHTS = ((0.2, -0.5, 0.1, 2.0), (1.5, 1.3, 2.1, 0.0), (0.0, 0.25, 0.2, -0.3))
BIASES = (1.1, 3.2, -1.2)
CLASSES = ("cat", "dog", "ship")
"""The image and the classifier of the notes, a row of weights for each class."""


@dataclass(frozen=True, eq=False)
class WorkedExample(Picture):
    """f = W·x + b with the image, the matrix, the bias and the scores written out.

    Source: CS231n notes, Linear Classification, interpreting a linear classifier.
    """

    size: ClassVar[tuple[float, float]] = (8.6, 3.0)

    pixels: Array
    weights: Array
    biases: Array
    scores: Array
    classes: tuple[str, ...]

    def numbers(self) -> dict[str, Any]:
        """The four arrays and the names of the classes."""
        return {
            "x": self.pixels,
            "W": self.weights,
            "b": self.biases,
            "scores": self.scores,
            "classes": list(self.classes),
        }

    def draw(self, figure: Figure) -> None:
        """From left to right: the image, W, x, b, and the scores with the highest one marked."""
        axes = figure.add_subplot()
        bare(axes)
        axes.set_aspect("equal")
        rows = len(self.classes)
        # Cells are 1 high; every block stands in the middle of a height of four.
        self._image(axes)
        axes.annotate("", (3.4, 2), (2.4, 2), arrowprops={"arrowstyle": "->", "color": QUIET})
        axes.text(2.9, 2.2, "stretch", ha="center", fontsize=SMALL, color=QUIET)
        low = (4 - rows) / 2
        _block(axes, 3.8, low, self.weights, [mixed(i, 0.16) for i in range(rows)])
        _name(axes, 3.8 + self.weights.shape[1] * 0.6, low, "W")
        axes.text(8.95, 2, "·", ha="center", va="center", fontsize=14)
        _block(axes, 9.3, 0, self.pixels[:, None], ["#f3f4f6"] * len(self.pixels))
        _name(axes, 9.9, 0, "x")
        axes.text(10.95, 2, "+", ha="center", va="center", fontsize=12)
        hues = [mixed(i, 0.16) for i in range(rows)]
        _block(axes, 11.4, low, self.biases[:, None], hues)
        _name(axes, 12.0, low, "b")
        axes.text(13.05, 2, "=", ha="center", va="center", fontsize=12)
        best = int(self.scores.argmax())
        _block(axes, 13.5, low, self.scores[:, None], hues, bold=best)
        _name(axes, 14.1, low, "f(x)")
        for i, name in enumerate(self.classes):
            axes.text(
                14.95,
                low + rows - i - 0.5,
                f"{name} score",
                va="center",
                color=colour(i) if i == best else INK,
                weight="bold" if i == best else "normal",
            )
        axes.set_xlim(-0.2, 17.2)
        axes.set_ylim(-0.9, 4.6)

    def _image(self, axes: Axes) -> None:
        """The pixels as a 2 × 2 image, grey by their value of 0 to 255."""
        from matplotlib.patches import Rectangle

        for i, value in enumerate(self.pixels):
            x, y = i % 2, 2.0 - i // 2
            shade = float(np.clip(value, 0, 255)) / 255
            axes.add_patch(
                Rectangle((x, y), 1, 1, facecolor=(shade,) * 3, edgecolor="white", lw=1.5)
            )
            axes.text(
                x + 0.5,
                y + 0.5,
                _written(value),
                ha="center",
                va="center",
                fontsize=SMALL,
                color="white" if shade < 0.55 else INK,
            )
        _name(axes, 1.0, 1, "image")


def worked_example(
    pixels: Array | None = None,
    weights: Array | None = None,
    biases: Array | None = None,
    classes: tuple[str, ...] = CLASSES,
) -> WorkedExample:
    """Run a linear layer on four pixels, and keep what is drawn of it.

    Args:
        pixels: four numbers; None takes those of the notes.
        weights: (classes, 4), a row for each class.
        biases: (classes,).
        classes: their names.

    Raises:
        FeedError: the arrays do not fit each other, or hold NaN or infinity.
    """
    x = np.array(PIXELS if pixels is None else pixels, np.float64)
    w = np.array(WEIGHTS if weights is None else weights, np.float64)
    b = np.array(BIASES if biases is None else biases, np.float64)
    if x.shape != (4,) or w.shape != (len(classes), 4) or b.shape != (len(classes),):
        raise FeedError(
            f"the picture takes 4 pixels, W ({len(classes)}, 4) and b ({len(classes)},), and got "
            f"{x.shape}, {w.shape} and {b.shape}"
        )
    if not all(np.isfinite(array).all() for array in (x, w, b)):
        raise FeedError("the picture takes finite numbers, and got NaN or infinity")
    spec = GraphSpec.model_validate(
        {
            "name": "worked example",
            "inputs": {"x": {"shape": [4]}},
            "layers": [{"kind": "linear", "id": "f", "inputs": ["x"], "units": len(classes)}],
            "outputs": ["f"],
        }
    )
    arrays = {"f.weight": np.ascontiguousarray(w.T), "f.bias": b}
    executable = NumpyEngine("float64").load(compile_graph(spec), seed=0, weights=arrays)
    scores = executable.run({"x": x[None]}).values["f"][0]
    return WorkedExample(x, w, b, scores, classes)


def _block(
    axes: Axes, left: float, low: float, values: Array, grounds: list[Any], bold: int | None = None
) -> None:
    """A matrix as a table of cells, the first row on top."""
    from matplotlib.patches import Rectangle

    rows, columns = values.shape
    for i in range(rows):
        for j in range(columns):
            corner = (left + 1.2 * j, low + rows - 1 - i)
            axes.add_patch(Rectangle(corner, 1.2, 1, facecolor=grounds[i], edgecolor="white"))
            axes.text(
                corner[0] + 0.6,
                corner[1] + 0.5,
                _written(values[i, j]),
                ha="center",
                va="center",
                fontsize=SMALL,
                weight="bold" if i == bold else "normal",
            )
    axes.add_patch(
        Rectangle((left, low), 1.2 * columns, rows, facecolor="none", edgecolor=FAINT, lw=0.8)
    )


def _name(axes: Axes, middle: float, low: float, name: str) -> None:
    axes.text(middle, low - 0.45, name, ha="center", va="center", color=QUIET)


def _written(value: float) -> str:
    return f"{value:.6g}".replace("-", "−")
