"""Positions: of nodes that the document says nothing of, and of those that are lined up."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal

from graphspec.graph import GraphSpec, Position
from graphspec_gui.canvas import metrics
from graphspec_gui.canvas.picture import INPUT_GROUP, height_of

Side = Literal["left", "centre", "right", "top", "middle", "bottom"]
DOWN = metrics.NODE_HEIGHT + metrics.LAYER_GAP
ACROSS = metrics.NODE_WIDTH + metrics.NODE_GAP


def unplaced(spec: GraphSpec, known: Mapping[str, Position]) -> list[str]:
    """The nodes that have no position, in the order of the document."""
    names = dict.fromkeys([*spec.input_by_id, *spec.by_id])
    return [name for name in names if name not in known]


def place_near(spec: GraphSpec, known: Mapping[str, Position]) -> dict[str, Position]:
    """Positions for nodes that have none: below what they read, or else at the end."""
    places = dict(known)
    taken = _Taken(places.values())
    readers = _first_readers(spec)
    new: dict[str, Position] = {}
    for name in unplaced(spec, known):
        layer = spec.by_id.get(name)
        sources = [places[item] for item in layer.inputs if item in places] if layer else []
        if sources:
            wanted = (sources[0][0], max(y for _, y in sources) + DOWN)
        elif readers.get(name) in places:
            x, y = places[readers[name]]
            wanted = (x, y - DOWN)
        elif places:
            wanted = (
                min(x for x, _ in places.values()),
                max(y for _, y in places.values()) + DOWN,
            )
        else:
            wanted = (0.0, 0.0)
        new[name] = places[name] = taken.free(wanted)
    return new


def free_spot(known: Collection[Position], wanted: Position) -> Position:
    """The wanted position, or the nearest to its right that no node stands on."""
    return _Taken(known).free(wanted)


def aligned(spec: GraphSpec, positions: Mapping[str, Position], side: Side) -> dict[str, Position]:
    """Line nodes up along one of their sides or middles."""
    height = {name: _height(spec, name) for name in positions}
    xs = [x for x, _ in positions.values()]
    ys = [y for _, y in positions.values()]
    bottom = max(y + height[name] for name, (_, y) in positions.items())
    middle = sum(y + height[name] / 2 for name, (_, y) in positions.items()) / len(ys)
    lines = {"left": min(xs), "centre": sum(xs) / len(xs), "right": max(xs)}
    new = {}
    for name, (x, y) in positions.items():
        if side in lines:
            new[name] = (lines[side], y)
        elif side == "top":
            new[name] = (x, min(ys))
        elif side == "middle":
            new[name] = (x, middle - height[name] / 2)
        else:
            new[name] = (x, bottom - height[name])
    return new


def spread(positions: Mapping[str, Position], axis: int) -> dict[str, Position]:
    """Space nodes evenly, across (axis 0) or down (1); the first and last stay."""
    order = sorted(positions, key=lambda name: positions[name][axis])
    low, high = positions[order[0]][axis], positions[order[-1]][axis]
    step = (high - low) / max(len(order) - 1, 1)
    new = {}
    for i, name in enumerate(order):
        x, y = positions[name]
        new[name] = (low + i * step, y) if axis == 0 else (x, low + i * step)
    return new


def _height(spec: GraphSpec, name: str) -> float:
    return height_of(INPUT_GROUP if name in spec.input_by_id else "")


def _first_readers(spec: GraphSpec) -> dict[str, str]:
    readers: dict[str, str] = {}
    for layer in spec.by_id.values():
        for source in layer.inputs:
            readers.setdefault(source, layer.id)
    return readers


class _Taken:
    """Where nodes stand, in cells, so that a thousand of them are placed in no time."""

    def __init__(self, positions: Collection[Position]) -> None:
        self._cells: dict[tuple[int, int], list[Position]] = {}
        for position in positions:
            self._add(position)

    def free(self, wanted: Position) -> Position:
        x, y = wanted
        while self._near(x, y):
            x += ACROSS
        self._add((x, y))
        return x, y

    def _add(self, position: Position) -> None:
        self._cells.setdefault(_cell(*position), []).append(position)

    def _near(self, x: float, y: float) -> bool:
        column, row = _cell(x, y)
        return any(
            abs(px - x) < metrics.NODE_WIDTH + 8 and abs(py - y) < metrics.NODE_HEIGHT + 8
            for i in (column - 1, column, column + 1)
            for j in (row - 1, row, row + 1)
            for px, py in self._cells.get((i, j), ())
        )


def _cell(x: float, y: float) -> tuple[int, int]:
    return int(x // ACROSS), int(y // DOWN)
