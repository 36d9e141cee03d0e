"""The JSON Schema of a document, derived from the fields and docstrings of the models."""

from __future__ import annotations

from functools import cache
from typing import Any

from graphspec.graph import FORMAT, GraphSpec
from graphspec.layers.base import ID_PATTERN

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of ``graphspec/1`` as it may be read.

    A text editor completes and validates a document with it. What only the whole graph can tell
    (wiring, shapes, sizes) is left to ``graphspec.check``.
    """
    root = GraphSpec.model_json_schema()
    definitions = root["$defs"]
    for definition in definitions.values():
        if "inputs" in definition.get("properties", {}):
            # A layer: left out, its inputs are the layer above.
            definition["required"] = [name for name in definition["required"] if name != "inputs"]
        kind = definition.get("properties", {}).get("kind")
        if kind and "const" in kind:
            # The model knows its own kind; a document has to say it.
            kind.pop("default", None)
            definition["required"] = ["kind", *definition.get("required", ())]
    entry = definitions["Input"]
    del entry["properties"]["id"]
    entry["required"] = [name for name in entry["required"] if name != "id"]
    if not entry["required"]:
        del entry["required"]
    properties = root["properties"]
    names = {"type": "string", "pattern": ID_PATTERN, "maxLength": 200}
    properties["inputs"] = {
        "description": properties["inputs"]["description"],
        "type": "object",
        "propertyNames": names,
        "additionalProperties": {"$ref": "#/$defs/Input"},
    }
    properties["layout"] = {
        "description": properties["layout"]["description"],
        "type": "object",
        "propertyNames": names,
        "additionalProperties": {
            "type": "array",
            "prefixItems": [{"type": "number"}, {"type": "number"}],
            "minItems": 2,
            "maxItems": 2,
        },
    }
    properties["format"] = {
        "const": FORMAT,
        "description": properties["format"]["description"],
        "type": "string",
    }
    properties = {
        "$schema": {"description": "Where this schema is; ignored.", "type": "string"},
        **properties,
    }
    schema = {
        "$schema": DIALECT,
        "title": "graphspec document",
        "description": "A neural network as a graph of layers: what a graphspec file holds.",
        "type": "object",
        "properties": properties,
        "required": ["format", "inputs", "layers"],
        "additionalProperties": False,
        "$defs": definitions,
    }
    return {key: _without_titles(value) for key, value in schema.items()}


@cache
def cached_schema() -> dict[str, Any]:
    """The schema, made once; for reading only."""
    return schema()


def _without_titles(value: Any, *, names: bool = False) -> Any:
    """Drop the titles that pydantic makes of field names; ``names`` marks a table of fields."""
    if isinstance(value, dict):
        return {
            key: _without_titles(item, names=not names and key in ("properties", "$defs"))
            for key, item in value.items()
            if names or key != "title"
        }
    return [_without_titles(item) for item in value] if isinstance(value, list) else value
