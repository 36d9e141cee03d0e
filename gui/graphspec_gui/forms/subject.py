"""What the properties are of: the network, one node, or several nodes at once; without Qt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Any

from graphspec import edit
from graphspec.errors import Problem
from graphspec.graph import GraphSpec
from graphspec.layers.base import Layer
from graphspec.layers.input import Input
from graphspec_gui.forms.fields import REQUIRED, Field, fields_of, kind_of

NETWORK_FIELDS = ("name", "outputs")
_OWN = [(name,) for name in NETWORK_FIELDS]


@dataclass(frozen=True)
class Subject:
    """The nodes whose fields are edited together; none of them stands for the network."""

    ids: tuple[str, ...]
    kinds: tuple[type[Layer] | type[Input], ...]
    group: str = ""
    """The group that they are all the layers of."""

    @classmethod
    def of(cls, spec: GraphSpec, selection: Iterable[str]) -> Subject:
        """What is selected, in the order of the document."""
        chosen = set(selection)
        nodes: list[Input | Layer] = [*spec.input_by_id.values(), *spec.by_id.values()]
        found = [node for node in nodes if node.id in chosen]
        ids = tuple(node.id for node in found)
        return cls(ids, tuple(type(node) for node in found), _group(spec, ids))

    @property
    def title(self) -> str:
        """What stands above the form."""
        if not self.ids:
            return "Network"
        if len(self.ids) == 1:
            return self.ids[0]
        return self.group or f"{len(self.ids)} selected"

    @property
    def subtitle(self) -> str:
        """The kinds of what is selected."""
        names = [_kind(kind) for kind in self.kinds]
        words = ", ".join(
            f"{names.count(name)} {name}" if len(names) > 1 else name
            for name in dict.fromkeys(names)
        )
        return f"group of {words}" if self.group else words

    def fields(self) -> tuple[Field, ...]:
        """The fields that all of them have, in one shape."""
        if not self.ids:
            return tuple(
                replace(field, default=REQUIRED)
                for field in fields_of(GraphSpec)
                if field.name in NETWORK_FIELDS
            )
        first, *others = (fields_of(kind) for kind in self.kinds)
        many = len(self.ids) > 1
        return tuple(
            field
            for field in first
            if not (many and field.name == "id") and all(_has(fields, field) for fields in others)
        )

    def values(self, spec: GraphSpec) -> list[dict[str, Any]]:
        """The values of each, as JSON."""
        if not self.ids:
            return [{"name": spec.name, "outputs": list(spec.outputs)}]
        return [_node(spec, name).model_dump(mode="json") for name in self.ids]

    def set_field(self, spec: GraphSpec, name: str, value: Any) -> GraphSpec:
        """Give all of them a value.

        Raises:
            SpecError: one of them cannot take it.
        """
        if not self.ids:
            return edit.set_value(spec, name, value)
        return edit.set_fields(spec, self.ids, name, value)

    def place(self, spec: GraphSpec, problem: Problem) -> tuple[str, tuple[str | int, ...]] | None:
        """Which of the nodes a problem is at, and where inside it; None where it is another's."""
        if not self.ids:
            return (self.title, problem.path) if problem.path[:1] in _OWN else None
        if len(problem.path) < 2:
            return None
        section, step, *rest = problem.path
        if section == "layers" and isinstance(step, int) and step < len(spec.layers):
            name = spec.layers[step].id
        elif section == "inputs" and isinstance(step, str):
            name = step
        else:
            return None
        return (name, tuple(rest)) if name in self.ids else None


def _group(spec: GraphSpec, ids: tuple[str, ...]) -> str:
    """The innermost group that has these layers and no others."""
    parts = [name.split(".")[:-1] for name in ids]
    shared = [
        step[0] for step in takewhile(lambda step: len(set(step)) == 1, zip(*parts, strict=False))
    ]
    name = ".".join(shared)
    inside = {layer.id for layer in spec.layers if layer.id.startswith(f"{name}.")}
    return name if name and inside == set(ids) else ""


def _node(spec: GraphSpec, name: str) -> Layer | Input:
    return spec.input_by_id.get(name) or spec.by_id[name]


def _kind(kind: type[Layer] | type[Input]) -> str:
    return "input" if issubclass(kind, Input) else kind_of(kind)


def _has(fields: tuple[Field, ...], field: Field) -> bool:
    return any(other.name == field.name and other.shape == field.shape for other in fields)
