"""From examples and weights to the loss: how data loss and penalties come together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from graphspec.errors import SpecError
from graphspec.graph import GraphSpec
from graphspec.inspect.pictures.sheet import INK, QUIET, SMALL, Picture, bare, colour, mixed
from graphspec.plan import compile_graph

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH, _HEIGHT, _LINE, _APART = 2.5, 1.0, 1.45, 3.7
_HUES = {"data": 3, "weights": 4, "function": 0, "loss": 1, "penalty": 2, "total": 1}


@dataclass(frozen=True)
class Box:
    """One part of the flow: what it is (``role``), and the words in it."""

    id: str
    role: str
    title: str
    about: str
    column: int


@dataclass(frozen=True, eq=False)
class DataFlow(Picture):
    """x, y and W on the left, f in the middle, then the data loss and the penalties, then L.

    Source: CS231n notes, Optimization 1, summary.
    """

    name: str
    boxes: tuple[Box, ...]
    edges: tuple[tuple[str, str], ...]

    def numbers(self) -> dict[str, Any]:
        """The boxes and what leads from which to which."""
        return {
            "boxes": [
                {"id": box.id, "role": box.role, "title": box.title, "about": box.about}
                for box in self.boxes
            ],
            "edges": [list(edge) for edge in self.edges],
        }

    def extent(self) -> tuple[float, float]:
        """As high as the fullest column."""
        return 8.4, 0.6 * (self._rows() + 1) * _LINE + 0.5

    def draw(self, figure: Figure) -> None:
        """Boxes in four columns, with arrows from left to right."""
        axes = figure.add_subplot()
        bare(axes)
        axes.set_title(f"{self.name}: where its loss comes from")
        places = self._places()
        for start, end in self.edges:
            a, b = places[start], places[end]
            axes.annotate(
                "",
                (b[0] - _WIDTH / 2 - 0.04, b[1]),
                (a[0] + _WIDTH / 2 + 0.02, a[1]),
                arrowprops={"arrowstyle": "-|>", "color": QUIET, "lw": 1.0, "shrinkA": 0,
                            "shrinkB": 0},
            )  # fmt: skip
        for box in self.boxes:
            _draw_box(axes, box, *places[box.id])
        xs, ys = np.array(list(places.values())).T
        axes.set_xlim(xs.min() - _WIDTH / 2 - 0.2, xs.max() + _WIDTH / 2 + 0.2)
        axes.set_ylim(ys.min() - 0.62 * _HEIGHT, ys.max() + 0.62 * _HEIGHT)

    def _places(self) -> dict[str, tuple[float, float]]:
        """Labels above and weights below f, so that what passes it by does not cross it."""
        columns = [[box.id for box in self.boxes if box.column == i] for i in range(4)]
        top = self._rows() / 2 * _LINE
        places = {}
        for i in (0, 1):
            heights = np.linspace(top, -top, len(columns[i])) if len(columns[i]) > 1 else [0.0]
            for name, y in zip(columns[i], heights, strict=False):
                places[name] = (i * _APART, float(y))
        losses = [name for name in columns[2] if name.startswith("loss:")]
        penalties = [name for name in columns[2] if name not in losses]
        for j, name in enumerate(losses):
            places[name] = (2 * _APART, top - j * _LINE)
        for j, name in enumerate(reversed(penalties)):
            places[name] = (2 * _APART, -top + j * _LINE)
        middle = float(np.mean([places[name][1] for name in columns[2]]))
        places["total"] = (3 * _APART, middle)
        return places

    def _rows(self) -> int:
        """One less than the boxes of the fullest column."""
        return max(sum(box.column == i for box in self.boxes) for i in range(4)) - 1


def data_flow(spec: GraphSpec) -> DataFlow:
    """The flow of a network: its inputs, weights, losses and penalties.

    Raises:
        SpecError: the network has problems, or has no loss.
    """
    plan = compile_graph(spec)
    if not plan.losses:
        raise SpecError(f"the network {spec.name!r} has no loss; add a loss layer")
    body = [node for node in plan.nodes if not node.layer.is_loss]
    reads = {source for node in body for source in node.layer.inputs}
    trained = {name: param for name, param in plan.params.items() if param.trained}
    count = sum(int(np.prod(param.shape)) for param in trained.values())
    boxes, edges = [], []
    # Those that pass f by, the labels, come first: they are drawn above it.
    for name, tensor in sorted(plan.inputs.items(), key=lambda item: item[0] in reads):
        boxes.append(Box(f"input:{name}", "data", name, str(tensor), 0))
        if name in reads:
            edges.append((f"input:{name}", "f"))
    if trained:
        boxes.append(Box("weights", "weights", "W", f"{count:,} parameters", 0))
    if body:
        layers = f"{len(body)} layer{'s' if len(body) > 1 else ''}"
        boxes.append(Box("f", "function", "f", layers, 1))
        if trained:
            edges.append(("weights", "f"))
    made = {node.id for node in body}
    for name in plan.losses:
        layer = plan.by_id[name].layer
        kind = str(layer.model_dump(include={"kind"})["kind"])
        title = "data loss" if len(plan.losses) == 1 else f"data loss {name}"
        boxes.append(Box(f"loss:{name}", "loss", title, kind, 2))
        if made.intersection(layer.inputs):
            edges.append(("f", f"loss:{name}"))
        edges += [
            (f"input:{source}", f"loss:{name}") for source in layer.inputs if source in plan.inputs
        ]
        edges.append((f"loss:{name}", "total"))
    penalties = spec.training.penalties if spec.training is not None else ()
    for i, penalty in enumerate(penalties):
        fields = penalty.model_dump(exclude={"kind", "only"})
        strength = ", ".join(f"{key} {value:g}" for key, value in fields.items()
                             if isinstance(value, float))  # fmt: skip
        kind = str(penalty.model_dump(include={"kind"})["kind"])
        boxes.append(
            Box(f"penalty:{i}", "penalty", "regularisation loss", f"{kind}: {strength}", 2)
        )
        if trained:
            edges.append(("weights", f"penalty:{i}"))
        edges.append((f"penalty:{i}", "total"))
    boxes.append(Box("total", "total", "L", "what training minimises", 3))
    return DataFlow(spec.name, tuple(boxes), tuple(edges))


def _draw_box(axes: Axes, box: Box, x: float, y: float) -> None:
    from matplotlib.patches import FancyBboxPatch

    hue = _HUES[box.role]
    axes.add_patch(
        FancyBboxPatch(
            (x - _WIDTH / 2 + 0.1, y - _HEIGHT / 2 + 0.1),
            _WIDTH - 0.2,
            _HEIGHT - 0.2,
            boxstyle="round,pad=0.1",
            fc=mixed(hue, 0.18),
            ec=colour(hue),
            lw=1.1,
            zorder=2,
        )
    )
    axes.text(x, y + 0.16, box.title, ha="center", va="center", weight="bold", color=INK, zorder=3)
    axes.text(
        x, y - 0.22, box.about, ha="center", va="center", fontsize=SMALL - 1, color=QUIET, zorder=3
    )
