"""A new value for a field that has none: the default, else the least that is allowed."""

from __future__ import annotations

from typing import Any

from graphspec.record import Record
from graphspec_gui.forms.fields import (
    REQUIRED,
    Choice,
    Either,
    Fixed,
    Flag,
    Nothing,
    Number,
    Part,
    Pick,
    Several,
    Shape,
    fields_of,
)


def begin(record: type[Record], known: dict[str, Any] | None = None) -> dict[str, Any]:
    """A new record as JSON: what is known where it fits, else defaults, else the least there is."""
    value: dict[str, Any] = {}
    if "kind" in record.model_fields:
        value["kind"] = record.model_fields["kind"].default
    for field in fields_of(record):
        if known and field.name in known:
            value[field.name] = known[field.name]
        elif field.default is REQUIRED:
            value[field.name] = first_value(field.shape)
    return value


def first_value(shape: Shape) -> Any:
    """A value of a shape, as JSON."""
    if isinstance(shape, Either):
        return None if Nothing() in shape.options else first_value(shape.options[0])
    if isinstance(shape, Number):
        return _first_number(shape)
    if isinstance(shape, Fixed):
        return [_first_number(item) for item in shape.items]
    if isinstance(shape, Several):
        return [first_value(shape.item)]
    if isinstance(shape, Choice):
        return shape.words[0]
    if isinstance(shape, Part):
        return begin(shape.record)
    if isinstance(shape, Pick):
        return begin(shape.kinds[0][1])
    if isinstance(shape, Flag):
        return False
    return None if isinstance(shape, Nothing) else ""


def _first_number(shape: Number) -> int | float:
    if shape.lowest is not None:
        return int(shape.lowest) if shape.whole else shape.lowest
    if shape.above is None:
        return 0
    if shape.whole:
        return int(shape.above) + 1
    # Between the bounds, or a round number above the one.
    return (shape.above + shape.below) / 2 if shape.below is not None else shape.above + 0.1
