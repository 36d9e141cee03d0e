"""How the value of a field is written in one line, and read from it; without Qt."""

from __future__ import annotations

import json
import math
from typing import Any

from graphspec_gui.forms.fields import (
    Choice,
    Either,
    Fixed,
    Json,
    Nothing,
    Number,
    Several,
    Shape,
    Text,
)

LARGEST = 2.0**31 - 1
"""A bound that only keeps numbers in 32 bits is not worth a word."""


def one_line(shape: Shape) -> bool:
    """Whether values of this shape are written in a line of text."""
    if isinstance(shape, Either):
        return any(isinstance(option, Number | Text | Json) for option in shape.options) or all(
            isinstance(option, Several | Nothing) and one_line(option) for option in shape.options
        )
    if isinstance(shape, Several):
        return isinstance(shape.item, Number | Text)
    return isinstance(shape, Number | Text | Fixed | Json | Nothing)


def write(shape: Shape, value: Any) -> str:
    """A value as text; null is the empty text."""
    if value is None:
        return ""
    if _takes_json(shape) and not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return ", ".join(write(Text(), item) for item in value)
    if isinstance(value, float):
        return repr(value)
    return str(value)


def read(shape: Shape, text: str) -> Any:
    """The value that a text says.

    Raises:
        ValueError: it says nothing that fits; the message says what would.
    """
    options = shape.options if isinstance(shape, Either) else (shape,)
    # The empty text is null where there may be null, and not an empty list.
    for option in sorted(options, key=lambda option: not isinstance(option, Nothing)):
        try:
            return _read(option, text.strip())
        except ValueError:
            continue
    raise ValueError(f"This must be {words(shape)}.")


def words(shape: Shape) -> str:
    """What a shape takes: ``a whole number above 0, or 2 of them (height, width)``."""
    if isinstance(shape, Either):
        said = [words(item) for item in shape.options if not isinstance(item, Nothing)]
        if any(isinstance(item, Nothing) for item in shape.options):
            said.append("nothing")
        return ", or ".join(said)
    if isinstance(shape, Number):
        return _number_words(shape)
    if isinstance(shape, Fixed):
        names = f" ({', '.join(shape.names)})" if shape.names else ""
        return f"{len(shape.items)} numbers{names}"
    if isinstance(shape, Several):
        noun = "numbers" if isinstance(shape.item, Number) else "names"
        return f"{noun} with commas between them"
    if isinstance(shape, Choice):
        return " or ".join(shape.words)
    return "JSON" if isinstance(shape, Json) else "a text"


def step(value: Any, up: bool, *, whole: bool, large: bool) -> Any:
    """The next value up or down: by 1 or 10, or by one in the first digit of a fraction."""
    sign = 1 if up else -1
    if whole or isinstance(value, int):
        return value + sign * (10 if large else 1)
    if value == 0:
        return sign * 0.1
    exponent = math.floor(math.log10(abs(value)))
    if not up and math.isclose(abs(value), 10.0**exponent):
        # 0.01 → 0.009, not 0.
        exponent -= 1
    return float(f"{value + sign * 10.0**exponent:.12g}")


def _read(shape: Shape, text: str) -> Any:
    if isinstance(shape, Nothing):
        if text:
            raise ValueError(text)
        return None
    if isinstance(shape, Text):
        return text
    if isinstance(shape, Choice):
        return shape.words[shape.words.index(text.casefold())]
    if isinstance(shape, Number):
        return _read_number(shape, text)
    if isinstance(shape, Json):
        return json.loads(text)
    parts = [part.strip() for part in text.strip("[]()").replace("×", ",").split(",")]
    if isinstance(shape, Several):
        return [_read(shape.item, part) for part in parts if part]
    if isinstance(shape, Fixed) and len(parts) == len(shape.items):
        return [_read(item, part) for item, part in zip(shape.items, parts, strict=True)]
    raise ValueError(text)


def _read_number(shape: Number, text: str) -> int | float:
    clean = text.replace("−", "-")
    value: int | float
    try:
        value = int(clean)
    except ValueError:
        if shape.whole:
            raise
        value = float(clean)
        if not math.isfinite(value):
            raise ValueError(text) from None
    if "_" in clean or not _within(shape, value):
        raise ValueError(text)
    return value


def _within(shape: Number, value: float) -> bool:
    return (
        (shape.lowest is None or value >= shape.lowest)
        and (shape.highest is None or value <= shape.highest)
        and (shape.above is None or value > shape.above)
        and (shape.below is None or value < shape.below)
    )


def _number_words(shape: Number) -> str:
    bounds = [
        f"{word} {value:g}"
        for word, value in (
            ("above", shape.above),
            ("of at least", shape.lowest),
            ("below", shape.below),
            ("of at most", None if shape.highest == LARGEST else shape.highest),
        )
        if value is not None
    ]
    noun = "a whole number" if shape.whole else "a number"
    return f"{noun} {' and '.join(bounds)}".rstrip()


def _takes_json(shape: Shape) -> bool:
    options = shape.options if isinstance(shape, Either) else (shape,)
    return any(isinstance(option, Json) for option in options)
