"""GraphSpec: a network as an immutable value."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, Final, Literal, Self

from pydantic import Field, field_serializer, field_validator

from graphspec.layers.base import Identifier, Layer
from graphspec.layers.catalog import LayerSpec
from graphspec.layers.input import Input
from graphspec.recipe.config import TrainConfig
from graphspec.record import Record

FORMAT: Final = "graphspec/1"
NAME_PATTERN = r"^[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]*$"
UNCONNECTED = "_"
"""Stands in a layer's ``inputs`` for a port that nothing is connected to, before one that is."""
Position = tuple[float, float]


def examples_input(inputs: Iterable[Input], layers: Iterable[Layer]) -> Input | None:
    """The input that the examples of a data set fill: the first that takes measured numbers.

    Where all take whole numbers it is the first that no loss reads, such as the words of a text.
    """
    answers = {name for layer in layers if layer.is_loss for name in layer.inputs}
    return min(
        (item for item in inputs if item.classes is None or item.id not in answers),
        key=lambda item: item.classes is not None,
        default=None,
    )


def examples_in_words(inputs: Iterable[Input], layers: Iterable[Layer]) -> str:
    """What the examples of such a network are called: ``images``, or ``examples``."""
    taking = examples_input(inputs, layers)
    return "images" if taking and len(taking.shape or ()) == 3 else "examples"


class GraphSpec(Record):
    """A network: named inputs, layers that read them and each other, and outputs.

    Every field of every layer is valid, but the wiring need not be: an editor must be able to
    hold a graph that is half made. ``graphspec.check`` finds everything that is wrong with it, and
    ``compile_graph`` refuses it until it is right.
    """

    format: Literal["graphspec/1"] = FORMAT
    """The version of the document format."""
    name: str = Field(default="untitled", max_length=200, pattern=NAME_PATTERN)
    """What people call this network."""
    inputs: tuple[Input, ...]
    """What comes in; in JSON an object from name to shape or classes."""
    layers: tuple[LayerSpec, ...] = Field(max_length=10_000)
    """The nodes, in the order of the document."""
    outputs: tuple[Identifier, ...] = ()
    """The layers whose values a run returns."""
    training: TrainConfig | None = None
    """How to train it; optional."""
    layout: tuple[tuple[Identifier, Position], ...] = ()
    """Where the canvas draws each node; in JSON an object from id to [x, y]. Never hashed."""

    @field_validator("inputs", mode="before")
    @classmethod
    def _inputs_from_object(cls, value: Any) -> Any:
        if isinstance(value, Mapping):
            if named := [key for key, item in value.items() if _has_id(item)]:
                raise ValueError(f'an input is named by its key: remove "id" from {named[0]!r}')
            return tuple(
                {"id": key, **item} if isinstance(item, Mapping) else item
                for key, item in value.items()
            )
        return value

    @field_validator("layout", mode="before")
    @classmethod
    def _layout_from_object(cls, value: Any) -> Any:
        if isinstance(value, Mapping):
            return tuple(
                (key, tuple(item) if isinstance(item, list) else item)
                for key, item in value.items()
            )
        return value

    @field_validator("inputs", "layout", mode="after")
    @classmethod
    def _names_are_keys(cls, value: tuple[Any, ...]) -> tuple[Any, ...]:
        """In JSON these are objects: of two entries with one name the second would be lost."""
        names = [item.id if isinstance(item, Input) else item[0] for item in value]
        if len(set(names)) < len(names):
            raise ValueError(f"the name {_first_repeated(names)!r} is used twice")
        return value

    @field_serializer("inputs")
    def _inputs_to_object(self, value: tuple[Input, ...]) -> dict[str, Any]:
        return {
            item.id: item.model_dump(mode="json", exclude={"id"}, exclude_none=True)
            for item in value
        }

    @field_serializer("layout")
    def _layout_to_object(self, value: tuple[tuple[str, Position], ...]) -> dict[str, Any]:
        return {key: list(position) for key, position in value}

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy with some fields replaced, which are not validated; nothing cached comes along."""
        copy = super().model_copy(update=update, deep=deep)
        for name in ("by_id", "input_by_id", "content_hash"):
            copy.__dict__.pop(name, None)
        return copy

    @cached_property
    def by_id(self) -> Mapping[str, Layer]:
        """The layers by id; of duplicates the first."""
        table: dict[str, Layer] = {}
        for layer in self.layers:
            table.setdefault(layer.id, layer)
        return table

    @cached_property
    def input_by_id(self) -> Mapping[str, Input]:
        """The inputs by id."""
        return {item.id: item for item in self.inputs}

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 of everything but ``layout``, as 64 hexadecimal digits."""
        content = self.model_dump(mode="json", exclude={"layout"})
        text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(text.encode()).hexdigest()


def _has_id(item: Any) -> bool:
    return isinstance(item, Mapping) and "id" in item


def _first_repeated(names: list[str]) -> str:
    return next(name for i, name in enumerate(names) if name in names[:i])
