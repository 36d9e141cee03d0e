"""The words on a node: its kind, what it is set to, and what it costs."""

from __future__ import annotations

import inspect
from functools import cache
from typing import Any

from pydantic_core import PydanticUndefined

from graphspec.layers.base import Layer
from graphspec.layers.catalog import BY_KIND


def short(number: int) -> str:
    """A count in three digits: ``61706`` → ``61.7 k``."""
    for size, unit in ((10**12, "T"), (10**9, "G"), (10**6, "M"), (10**3, "k")):
        if number >= size * 0.9995:
            value = number / size
            return f"{value:.3g} {unit}" if value < 999.5 else f"{value:.0f} {unit}"
    return str(number)


def kind_of(layer: Layer) -> str:
    """The layer's kind, as the document has it."""
    return str(type(layer).model_fields["kind"].default)


def brief(layer: Layer) -> str:
    """What a layer is set to, in a few words: ``6 @ 5×5/2`` for filters, kernel and stride."""
    parts = []
    count = getattr(layer, "filters", None) or getattr(layer, "units", None)
    if count is not None:
        parts.append(str(count))
    kernel = getattr(layer, "kernel", None)
    if kernel is not None:
        window = _pair(kernel)
        parts.append(f"@ {window}" if parts else window)
        stride = getattr(layer, "stride", None)
        if stride not in (None, 1, (1, 1)):
            parts[-1] += f"/{_single(stride)}"
    elif count is None:
        parts += _first_setting(layer)
    return " ".join(parts)


@cache
def kind_doc(kind: str) -> str:
    """The first sentence of what a kind of layer is, in one line."""
    if kind not in BY_KIND:
        return ""
    text = inspect.getdoc(BY_KIND[kind]) or ""
    return " ".join(text.partition("\n\n")[0].split())


def settings(layer: Layer) -> dict[str, Any]:
    """The fields of a layer that are required, or differ from their defaults, as JSON values."""
    values = layer.model_dump(mode="json")
    return {
        name: values[name]
        for name, field in type(layer).model_fields.items()
        if name not in ("id", "kind", "inputs")
        and (field.default is PydanticUndefined or getattr(layer, name) != field.default)
    }


def _first_setting(layer: Layer) -> list[str]:
    for name, value in settings(layer).items():
        if isinstance(value, int | float | str):
            return [f"{name} {value}"]
        if isinstance(value, list) and all(isinstance(item, int) for item in value):
            return [f"{name} " + "×".join(map(str, value))]
    return []


def _pair(value: Any) -> str:
    height, width = value if isinstance(value, tuple) else (value, value)
    return f"{height}×{width}"


def _single(value: Any) -> str:
    if isinstance(value, tuple):
        return str(value[0]) if len(set(value)) == 1 else "×".join(map(str, value))
    return str(value)
