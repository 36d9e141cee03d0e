"""What each layer costs and sees: parameters, work, memory, receptive field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any, NamedTuple

from graphspec.graph import GraphSpec
from graphspec.plan import Node, compile_graph
from graphspec.record import kind_of
from graphspec.tensor import TensorSpec

BYTES_PER_NUMBER = 4
"""Of float32, the type that training uses unless it is told otherwise."""


class Field(NamedTuple):
    """The patch of the image that one output position sees.

    ``size`` is its height and width in pixels (the parts that reach over the edge counted in);
    ``jump`` how far the patch moves from one output position to the next; ``start`` the row and
    the column where the patch of the first position begins, below 0 in the padding.
    """

    size: tuple[int, int] = (1, 1)
    jump: tuple[int, int] = (1, 1)
    start: tuple[int, int] = (0, 0)

    def box(self, row: int, column: int, image: tuple[int, int]) -> tuple[int, int, int, int]:
        """The patch (top, left, bottom, right) of one output position, cut at the image's edge.

        ``image`` is the height and width; bottom and right are the first pixels not seen.
        """
        top, left = (
            start + place * jump
            for start, place, jump in zip(self.start, (row, column), self.jump, strict=True)
        )
        (height, width), (rows, columns) = self.size, image
        return max(top, 0), max(left, 0), min(top + height, rows), min(left + width, columns)


@dataclass(frozen=True, slots=True)
class Row:
    """One layer.

    ``params`` are trained numbers, ``statistics`` running ones (of batch normalisation). ``macs``
    are the multiply-accumulates of one forward pass of one example. ``activation_bytes`` is the
    output of one example in float32. ``field`` is None when the layer sees all of its input, or
    does not stand behind an image. ``chance_loss`` is what a loss is with all scores zero: the
    first loss of training should be near it. It is None for other layers, and for a loss that
    depends on the data.
    """

    id: str
    kind: str
    output: TensorSpec
    params: int
    statistics: int
    macs: int
    activation_bytes: int
    field: Field | None
    chance_loss: float | None


@dataclass(frozen=True, slots=True)
class Summary:
    """A table with one row per layer, in running order, and its totals."""

    name: str
    rows: tuple[Row, ...]

    @property
    def params(self) -> int:
        """Trained numbers."""
        return sum(row.params for row in self.rows)

    @property
    def statistics(self) -> int:
        """Running statistics: saved with the weights, but not trained."""
        return sum(row.statistics for row in self.rows)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one forward pass of one example."""
        return sum(row.macs for row in self.rows)

    @property
    def activation_bytes(self) -> int:
        """All outputs of one example in float32: what training keeps for the backward pass."""
        return sum(row.activation_bytes for row in self.rows)

    def to_json(self) -> dict[str, Any]:
        """The table as JSON values; shapes are channels first, extents height first."""
        return {
            "name": self.name,
            "layers": [_row_to_json(row) for row in self.rows],
            "totals": {
                "params": self.params,
                "param_bytes": self.params * BYTES_PER_NUMBER,
                "statistics": self.statistics,
                "macs": self.macs,
                "activation_bytes": self.activation_bytes,
            },
        }


def summarise(spec: GraphSpec) -> Summary:
    """Count what every layer of a graph costs, needed for its outputs or not.

    The receptive field grows by (F_eff − 1) jumps at each window, and the jump by its stride:
    r ← r + (F_eff − 1)·j, j ← j·S; its padding moves the first patch out by P·j. Where branches
    meet, the patch covers theirs. (CS231n notes, Convolutional Networks: three 3×3 layers see 7×7.)

    Raises:
        SpecError: the graph has problems; it carries all of them.
    """
    plan = compile_graph(spec, outputs=[layer.id for layer in spec.layers])
    fields: dict[str, Field | None] = {
        name: Field() if len(tensor.shape) == 3 else None for name, tensor in plan.inputs.items()
    }
    rows = []
    for node in plan.nodes:
        fields[node.id] = _field(node, fields)
        rows.append(_row(node, fields[node.id]))
    return Summary(spec.name, tuple(rows))


def _row(node: Node, field: Field | None) -> Row:
    sizes = {True: 0, False: 0}
    for param in node.params.values():
        sizes[param.trained] += prod(param.shape)
    return Row(
        id=node.id,
        kind=kind_of(node.layer),
        output=node.output,
        params=sizes[True],
        statistics=sizes[False],
        macs=node.layer.macs(*node.sources),
        activation_bytes=node.output.size * BYTES_PER_NUMBER,
        field=field,
        chance_loss=node.layer.chance_loss(*node.sources),
    )


def _field(node: Node, fields: Mapping[str, Field | None]) -> Field | None:
    window = node.layer.window()
    sources = [fields[name] for name in node.layer.inputs]
    if window is None or not sources or None in sources:
        return None
    seen = [field for field in sources if field is not None]
    sizes, jumps, starts = [], [], []
    for axis in (0, 1):
        start = min(field.start[axis] for field in seen)
        size = max(field.start[axis] + field.size[axis] for field in seen) - start
        jump = max(field.jump[axis] for field in seen)
        sizes.append(size + (window.reach[axis] - 1) * jump)
        jumps.append(jump * window.stride[axis])
        starts.append(start - window.pad[axis] * jump)
    return Field((sizes[0], sizes[1]), (jumps[0], jumps[1]), (starts[0], starts[1]))


def _row_to_json(row: Row) -> dict[str, Any]:
    return {
        "id": row.id,
        "kind": row.kind,
        "shape": list(row.output.shape),
        "params": row.params,
        "statistics": row.statistics,
        "macs": row.macs,
        "activation_bytes": row.activation_bytes,
        "receptive_field": list(row.field.size) if row.field else None,
        "jump": list(row.field.jump) if row.field else None,
        "chance_loss": row.chance_loss,
    }
