"""The canonical text of a spec: a fixed order, every field, one layer a line."""

from __future__ import annotations

import json
from typing import Any

from graphspec.graph import GraphSpec

LINE = 160
"""A value is written on one line if it fits in this many columns; layers always are."""


def write(spec: GraphSpec, schema_address: str | None = None) -> str:
    """Write a spec as JSON text that reads well and whose differences read well."""
    head = {} if schema_address is None else {"$schema": schema_address}
    return _object(head | to_json(spec)) + "\n"


def to_json(spec: GraphSpec) -> dict[str, Any]:
    """The document as JSON values, in the order in which they are written."""
    document: dict[str, Any] = _kind_first(spec.model_dump(mode="json"))
    for layer in document["layers"]:
        layer["inputs"] = layer.pop("inputs")
    return document


def _kind_first(value: Any) -> Any:
    """Put ``id`` and ``kind`` before the fields of what they name."""
    if isinstance(value, list):
        return [_kind_first(item) for item in value]
    if not isinstance(value, dict):
        return value
    head = {key: value[key] for key in ("id", "kind") if isinstance(value.get(key), str)}
    rest = {key: _kind_first(item) for key, item in value.items() if key not in head}
    return {**head, **rest}


def _object(document: dict[str, Any]) -> str:
    lines = []
    for key, value in document.items():
        if key == "layers" and value:
            items = ",\n".join("    " + _compact(layer) for layer in value)
            text = f"[\n{items}\n  ]"
        else:
            text = _wrapped(value, "  ", len(key) + 6)
        lines.append(f"  {_compact(key)}: {text}")
    return "{\n" + ",\n".join(lines) + "\n}"


def _wrapped(value: Any, indent: str, column: int) -> str:
    """Write on one line if it fits, else item by item, one level further in."""
    line = _compact(value)
    if not isinstance(value, dict | list) or not value or column + len(line) <= LINE:
        return line
    deeper = indent + "  "
    if isinstance(value, dict):
        items = [
            f"{deeper}{_compact(key)}: {_wrapped(item, deeper, len(deeper) + len(key) + 4)}"
            for key, item in value.items()
        ]
        return "{\n" + ",\n".join(items) + f"\n{indent}" + "}"
    items = [deeper + _wrapped(item, deeper, len(deeper)) for item in value]
    return "[\n" + ",\n".join(items) + f"\n{indent}]"


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
