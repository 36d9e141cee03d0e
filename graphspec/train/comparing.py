"""Comparing runs: what people chose for each, and how their networks differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from graphspec.graph import GraphSpec
from graphspec.layers.base import Layer
from graphspec.train.rundir import Run


def choices_of(run: Run) -> dict[str, Any]:
    """Everything that a person chose for a run, flat: ``conv1.filters`` → 6.

    Raises:
        RunError: the run is damaged.
    """
    flat: dict[str, Any] = {}
    for layer in run.spec.layers:
        for name, value in layer.model_dump(mode="json").items():
            if name != "id":
                flat[f"{layer.id}.{name}"] = value
    for item in run.spec.inputs:
        flat[f"{item.id}"] = str(item.tensor())
    _flatten("training", run.config.model_dump(mode="json"), flat)
    return flat


def side_by_side(choices: Sequence[dict[str, Any]]) -> dict[str, tuple[Any, ...]]:
    """For every choice that any of the runs has its values, in the order of the runs."""
    paths = dict.fromkeys(path for one in choices for path in one)
    return {path: tuple(one.get(path) for one in choices) for path in paths}


def differs(values: Sequence[Any]) -> bool:
    """Whether not all values are the same; 1, 1.0 and true are told apart."""
    first = values[0]
    return any(type(value) is not type(first) or value != first for value in values)


@dataclass(frozen=True, slots=True)
class GraphDifference:
    """How one graph became another, by the ids of inputs and layers.

    ``changed`` has for each layer the fields that differ, with both values. ``union`` is the later
    graph with what was removed still in it, so that all of it can be drawn; it need not be right.
    """

    added: frozenset[str]
    removed: frozenset[str]
    changed: dict[str, dict[str, tuple[Any, Any]]]
    union: GraphSpec

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)


def compare_graphs(before: GraphSpec, after: GraphSpec) -> GraphDifference:
    """What was added, removed and changed from one graph to another; ids say what is the same."""
    old = _nodes(before)
    new = _nodes(after)
    changed = {}
    for name in old.keys() & new.keys():
        values = [_fields(node) for node in (old[name], new[name])]
        fields = {field: pair for field, pair in side_by_side(values).items() if pair[0] != pair[1]}
        if fields:
            changed[name] = fields
    removed = old.keys() - new.keys()
    inputs = (*after.inputs, *(item for item in before.inputs if item.id in removed))
    places = {**dict(before.layout), **dict(after.layout)}
    union = after.model_copy(
        update={
            "inputs": inputs,
            "layers": _merged(before, after, removed),
            "layout": tuple(places.items()),
        }
    )
    return GraphDifference(frozenset(new.keys() - old.keys()), frozenset(removed), changed, union)


def _nodes(spec: GraphSpec) -> dict[str, Any]:
    inputs = {item.id: item for item in spec.inputs}
    return inputs | {layer.id: layer for layer in spec.layers}


def _fields(node: Any) -> dict[str, Any]:
    values: dict[str, Any] = node.model_dump(mode="json")
    return values


def _merged(before: GraphSpec, after: GraphSpec, removed: set[str]) -> tuple[Layer, ...]:
    """The later layers, and each removed one behind the layer that it stood behind."""
    merged = list(after.layers)
    behind: str | None = None
    for layer in before.layers:
        if layer.id in removed:
            at = next((i for i, item in enumerate(merged) if item.id == behind), -1)
            merged.insert(at + 1, layer)
        behind = layer.id
    return tuple(merged)


def _flatten(path: str, value: Any, flat: dict[str, Any]) -> None:
    if isinstance(value, dict):
        for name, item in value.items():
            _flatten(f"{path}.{name}", item, flat)
    else:
        flat[path] = value
