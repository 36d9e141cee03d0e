"""What may stand in a field, read from its pydantic declaration; without Qt.

``describe`` turns an annotation into one of a few shapes, each of which has an editor. A value
goes back and forth in the form that JSON has it.
"""

from __future__ import annotations

import re
import types
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types as limits
from pydantic.fields import FieldInfo

from graphspec.record import Record


@dataclass(frozen=True, slots=True)
class Number:
    """A number within bounds; ``whole`` takes no fraction."""

    whole: bool
    lowest: float | None = None
    highest: float | None = None
    above: float | None = None
    below: float | None = None


@dataclass(frozen=True, slots=True)
class Flag:
    """Yes or no."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words."""

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Text:
    """Any text."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """null."""


@dataclass(frozen=True, slots=True)
class Part:
    """A record with fields of its own."""

    record: type[Record]


@dataclass(frozen=True, slots=True)
class Pick:
    """One of several records, told apart by ``kind``."""

    kinds: tuple[tuple[str, type[Record]], ...]

    def record(self, kind: str) -> type[Record] | None:
        """The record of a kind."""
        return dict(self.kinds).get(kind)


@dataclass(frozen=True, slots=True)
class Fixed:
    """So many numbers, each with its place's meaning."""

    items: tuple[Number, ...]
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Several:
    """A list of any length."""

    item: Shape


@dataclass(frozen=True, slots=True)
class Either:
    """One of several shapes."""

    options: tuple[Shape, ...]

    @property
    def optional(self) -> Shape | None:
        """The one other shape, where this is only a shape or nothing."""
        rest = [option for option in self.options if not isinstance(option, Nothing)]
        return rest[0] if len(rest) == 1 and len(rest) < len(self.options) else None


@dataclass(frozen=True, slots=True)
class Json:
    """Anything else; it is written as JSON."""


Shape = Number | Flag | Choice | Text | Nothing | Part | Pick | Fixed | Several | Either | Json


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a record."""

    name: str
    shape: Shape
    doc: str
    default: Any
    """As JSON; ``REQUIRED`` where there is none."""
    unit: str = ""

    @property
    def label(self) -> str:
        """Its name as words: ``bias_init`` → ``bias init``."""
        return self.name.replace("_", " ")

    @property
    def hint(self) -> str:
        """The first sentence of what it means."""
        return self.doc.split(". ")[0].rstrip(".")


REQUIRED = object()
HIDDEN = ("kind", "inputs")
"""The kind is shown above the form, and edges are drawn on the canvas."""


@cache
def fields_of(record: type[Record]) -> tuple[Field, ...]:
    """The fields of a record in their order, without those that are not edited in a form."""
    docs = record.field_docs()
    found = []
    for name, info in record.model_fields.items():
        if name in HIDDEN:
            continue
        doc = docs.get(name, "").replace("``", "").replace("\n", " ")
        shape = _named(describe(_annotation(info)), doc)
        unit = _unit(doc) if isinstance(shape, Number | Either | Fixed) else ""
        found.append(Field(name, shape, doc, _default(record, name, info), unit))
    return tuple(found)


def describe(annotation: Any) -> Shape:
    """What an annotation allows."""
    metadata: tuple[Any, ...] = ()
    while get_origin(annotation) is Annotated:
        annotation, *more = get_args(annotation)
        metadata += tuple(more)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        return _either(arguments)
    if origin is Literal:
        if arguments in ((True, False), (False, True)):
            return Flag()
        texts = all(isinstance(word, str) for word in arguments)
        return Choice(tuple(arguments)) if texts else Json()
    if origin is tuple:
        return _sequence(arguments)
    if annotation is bool:
        return Flag()
    if annotation is int or annotation is float:
        return _bounded(Number(annotation is int), metadata)
    if annotation is str:
        return Text()
    if annotation is type(None):
        return Nothing()
    if isinstance(annotation, type) and issubclass(annotation, Record):
        return Part(annotation)
    return Json()


def _annotation(info: FieldInfo) -> Any:
    """The annotation with what pydantic took out of it put back."""
    annotation: Any = info.annotation
    for item in info.metadata:
        annotation = Annotated[annotation, item]
    return annotation


def _either(arguments: tuple[Any, ...]) -> Shape:
    records = [_record(item) for item in arguments]
    if all(record is not None and "kind" in record.model_fields for record in records):
        return Pick(tuple((kind_of(record), record) for record in records if record is not None))
    options: list[Shape] = []
    for item in arguments:
        shape = describe(item)
        # A share or a count is one number to whoever types it.
        if isinstance(shape, Number) and options and isinstance(options[-1], Number):
            options[-1] = Number(False, lowest=0)
        elif isinstance(shape, Either):
            options += shape.options
        else:
            options.append(shape)
    return options[0] if len(options) == 1 else Either(tuple(options))


def _sequence(arguments: tuple[Any, ...]) -> Shape:
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        item = describe(arguments[0])
        if isinstance(item, Part) and "kind" in item.record.model_fields:
            item = Pick(((kind_of(item.record), item.record),))
        return Several(item) if isinstance(item, Number | Text | Pick) else Json()
    items = tuple(describe(item) for item in arguments)
    numbers = tuple(item for item in items if isinstance(item, Number))
    return Fixed(numbers) if len(numbers) == len(items) and items else Json()


def _bounded(number: Number, metadata: tuple[Any, ...]) -> Number:
    for item in _flat(metadata):
        if isinstance(item, limits.Ge):
            number = replace(number, lowest=float(item.ge))  # type: ignore[arg-type]
        elif isinstance(item, limits.Gt):
            number = replace(number, above=float(item.gt))  # type: ignore[arg-type]
        elif isinstance(item, limits.Le):
            number = replace(number, highest=float(item.le))  # type: ignore[arg-type]
        elif isinstance(item, limits.Lt):
            number = replace(number, below=float(item.lt))  # type: ignore[arg-type]
    return number


def _flat(metadata: tuple[Any, ...]) -> Iterator[Any]:
    for item in metadata:
        if isinstance(item, FieldInfo):
            yield from item.metadata
        else:
            yield item


def _record(annotation: Any) -> type[Record] | None:
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    is_record = isinstance(annotation, type) and issubclass(annotation, Record)
    return annotation if is_record else None


def kind_of(record: type[Record]) -> str:
    """The value that a record's ``kind`` has."""
    return str(record.model_fields["kind"].default)


def _named(shape: Shape, doc: str) -> Shape:
    """Give fixed lists the names of their places, which the docstring has in brackets."""
    if isinstance(shape, Either):
        return Either(tuple(_named(option, doc) for option in shape.options))
    if isinstance(shape, Fixed):
        for inside in re.findall(r"\[([a-z, ]+)\]", doc):
            names = tuple(name.strip() for name in inside.split(","))
            if len(names) == len(shape.items):
                return replace(shape, names=names)
    return shape


def _unit(doc: str) -> str:
    first = doc.split(". ")[0]
    if "pixels" in first or "rows and columns" in first:
        return "px"
    return "degrees" if "degrees" in first else ""


def _default(record: type[Record], name: str, info: FieldInfo) -> Any:
    if info.is_required():
        return REQUIRED
    value = info.get_default(call_default_factory=True)
    return to_json(value) if name != "data_options" else dict(value)


def to_json(value: Any) -> Any:
    """A value of a field as JSON has it."""
    if isinstance(value, Record):
        return value.model_dump(mode="json")
    if isinstance(value, tuple | list):
        return [to_json(item) for item in value]
    return value
