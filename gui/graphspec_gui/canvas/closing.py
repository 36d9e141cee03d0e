"""Where nodes are drawn while groups are folded: the room that a group leaves closes up.

Folding changes no position in the document. A stretch of the canvas that only hidden layers stood
in is left out, along both axes, so that what was below a group moves up to the box it became.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from graphspec.graph import Position
from graphspec_gui.canvas import metrics

Box = tuple[float, float, float, float]
Gap = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Closing:
    """A monotone map of each axis that leaves gaps out.

    ``across`` and ``down`` hold the gaps (from, to), in order and apart from each other.
    """

    across: tuple[Gap, ...] = ()
    down: tuple[Gap, ...] = ()

    @classmethod
    def over(cls, visible: Sequence[Box], folded: Sequence[Sequence[Box]]) -> Closing:
        """The map for the boxes that are drawn and, group by group, those that are hidden."""
        if not folded:
            return cls()
        solid = [*visible, *(_box(inside) for inside in folded)]
        across = _merged((x, x + w) for x, _, w, _ in solid)
        down = _merged((y, y + h) for _, y, _, h in solid)
        return cls(
            _gaps(across, _hidden(folded, 0), metrics.NODE_GAP),
            _gaps(down, _hidden(folded, 1), metrics.LAYER_GAP),
        )

    def __call__(self, position: Position) -> Position:
        """Where a position of the document is drawn."""
        return _closed(position[0], self.across), _closed(position[1], self.down)

    def opened(self, position: Position) -> Position:
        """The position in the document that is drawn here."""
        return _opened(position[0], self.across), _opened(position[1], self.down)

    def box(self, inside: Sequence[Box]) -> Position:
        """Where the box of a folded group is drawn."""
        x, y, _, _ = _box(inside)
        return self((x, y))


def _box(inside: Sequence[Box]) -> Box:
    """The box of a folded group: at the top of what it hides, in the column of the first node."""
    top = min(y for _, y, _, _ in inside)
    return (inside[0][0], top, metrics.NODE_WIDTH, metrics.GROUP_HEIGHT)


def _hidden(folded: Iterable[Sequence[Box]], axis: int) -> list[Gap]:
    return [
        (min(box[axis] for box in inside), max(box[axis] + box[axis + 2] for box in inside))
        for inside in folded
    ]


def _gaps(solid: Sequence[Gap], hidden: Sequence[Gap], keep: float) -> tuple[Gap, ...]:
    """Of the spaces between what is drawn, those that a group stood in or next to.

    As much of each is kept as lies between two nodes that stand side by side.
    """
    return tuple(
        (end + keep, start)
        for (_, end), (start, _) in pairwise(solid)
        if start - end > keep and any(low <= start and high >= end for low, high in hidden)
    )


def _merged(spans: Iterable[Gap]) -> list[Gap]:
    merged: list[Gap] = []
    for low, high in sorted(spans):
        if merged and low <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return merged


def _closed(value: float, gaps: Sequence[Gap]) -> float:
    return value - sum(max(0.0, min(value, high) - low) for low, high in gaps)


def _opened(value: float, gaps: Sequence[Gap]) -> float:
    starts, shift = [], 0.0
    for low, high in gaps:
        starts.append(low - shift)
        shift += high - low
    count = bisect_right(starts, value)
    return value + sum(high - low for low, high in gaps[:count])
