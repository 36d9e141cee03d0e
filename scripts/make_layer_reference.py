"""Write the layer reference from the catalog: a page a layer, and an index.

Every word on these pages comes from the layers' own files: docstrings, fields, examples. Run it
through ``scripts/write_generated.py``, which also checks that the pages in the repository are
current.
"""

from __future__ import annotations

import inspect
import json
from collections import defaultdict
from typing import Any

from graphspec.layers.base import Example, Layer
from graphspec.layers.catalog import BY_KIND
from graphspec.record import Record, kind_of

FOLDER = "docs/layers"
# Every layer has these three; the guide explains them once.
SHARED = ("id", "kind", "inputs")


def pages() -> dict[str, str]:
    """The text of every page, by its path in the repository."""
    return {f"{FOLDER}/{_kind(layer)}.md": _page(layer) for layer in BY_KIND.values()} | {
        f"{FOLDER}/index.md": _index()
    }


def _kind(layer: type[Layer]) -> str:
    return kind_of(layer)


def doc(thing: object) -> str:
    """A docstring without its indentation."""
    return inspect.cleandoc(getattr(thing, "__doc__", None) or "")


def summary(thing: object) -> str:
    """The first sentence of a docstring, in one line."""
    return doc(thing).split("\n\n")[0].replace("\n", " ")


def _index() -> str:
    groups: dict[str, list[type[Layer]]] = defaultdict(list)
    for layer in BY_KIND.values():
        groups[layer.group].append(layer)
    lines = [
        "# Layers",
        "",
        "Every kind of layer, as the palette groups them. A layer in a document has an `id`, a",
        "`kind`, the kind's own fields, and the `inputs` that it reads, in the order of its ports.",
    ]
    for group, members in groups.items():
        lines += ["", f"## {group}", "", "| kind | what it does |", "| --- | --- |"]
        lines += [
            f"| [`{_kind(layer)}`]({_kind(layer)}.md) | {_cell(summary(layer))} |"
            for layer in members
        ]
    names = [_kind(layer) for layer in BY_KIND.values()]
    lines += ["", "```{toctree}", ":hidden:", "", *names, "```", ""]
    return "\n".join(lines)


def _page(layer: type[Layer]) -> str:
    lines = [f"# {_kind(layer)}", "", summary(layer), ""]
    body = "\n\n".join(doc(layer).split("\n\n")[1:])
    if body:
        lines += ["```text", body, "```", ""]
    ports = ", ".join(f"`{port}`" for port in layer.ports) or "none"
    lines += [f"Ports, in order: {ports}.", "", "## Fields", ""]
    lines += fields_table(layer)
    lines += ["", "## Shapes", "", "```text", doc(layer.infer), "```", ""]
    if layer.params is not Layer.params:
        lines += ["## Parameters", "", "```text", doc(layer.params), "```", ""]
    if layer.macs is not Layer.macs:
        lines += [f"Multiply-accumulates for one example: {summary(layer.macs)}", ""]
    lines += ["## Examples", ""]
    for example in layer.examples():
        lines += _example(example)
    return "\n".join(lines)


def fields_table(layer: type[Record]) -> list[str]:
    """The fields of a record as a Markdown table: type, default and meaning."""
    schema = layer.model_json_schema()
    own = {name: part for name, part in schema.get("properties", {}).items() if name not in SHARED}
    if not own:
        return ["None of its own."]
    required = schema.get("required", [])
    rows = ["| field | type | default | meaning |", "| --- | --- | --- | --- |"]
    for name, part in own.items():
        default = "required" if name in required else f"`{json.dumps(part.get('default'))}`"
        meaning = part.get("description", "").replace("\n", " ")
        kind = _type(part, schema.get("$defs", {}))
        rows.append(f"| `{name}` | {_cell(kind)} | {default} | {_cell(meaning)} |")
    return rows


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _type(part: dict[str, Any], defs: dict[str, Any]) -> str:
    """Say in a few words what a part of a JSON Schema allows."""
    if "$ref" in part:
        name = part["$ref"].rsplit("/", 1)[-1]
        return _type(defs[name], defs)
    if "discriminator" in part:
        kinds = ", ".join(f"`{kind}`" for kind in part["discriminator"]["mapping"])
        return f"object of the kind {kinds}"
    for key in ("anyOf", "oneOf"):
        if key in part:
            said = dict.fromkeys(_type(option, defs) for option in part[key])
            return " or ".join(said)
    if "const" in part:
        return f"`{json.dumps(part['const'])}`"
    if "enum" in part:
        return " or ".join(f"`{json.dumps(value)}`" for value in part["enum"])
    if part.get("type") == "array":
        return _array(part, defs)
    if part.get("type") == "object":
        kinds = part.get("properties", {}).get("kind", {})
        return f'`{{"kind": {json.dumps(kinds["const"])}, …}}`' if "const" in kinds else "object"
    return str(part.get("type", "any")) + _bounds(part)


def _array(part: dict[str, Any], defs: dict[str, Any]) -> str:
    if "prefixItems" in part:
        return "[" + ", ".join(_type(item, defs) for item in part["prefixItems"]) + "]"
    return f"list of {_type(part.get('items', {}), defs)}"


def _bounds(part: dict[str, Any]) -> str:
    signs = {
        "minimum": "≥",
        "exclusiveMinimum": ">",
        "maximum": "≤",
        "exclusiveMaximum": "<",
    }
    said = [f"{sign} {part[key]:,}" for key, sign in signs.items() if key in part]
    return f" {' and '.join(said)}" if said else ""


def _example(example: Example) -> list[str]:
    layer, inputs = example
    values = layer.model_dump(mode="json", exclude_defaults=True)
    shown = {"id": layer.id, "kind": _kind(type(layer))}
    shown |= {name: value for name, value in values.items() if name not in SHARED}
    shown["inputs"] = list(layer.inputs)
    takes = ", ".join(str(spec) for spec in inputs) or "nothing"
    lines = ["```json", json.dumps(shown, ensure_ascii=False), "```", ""]
    lines.append(f"- takes {takes}; gives {layer.infer(*inputs)}")
    for name, param in layer.params(*inputs).items():
        shape = "×".join(map(str, param.shape)) or "scalar"
        notes = [] if param.trained else ["a running statistic, not trained"]
        notes += [] if param.decay or not param.trained else ["not decayed"]
        lines.append(f"- `{name}` {shape}{' (' + ', '.join(notes) + ')' if notes else ''}")
    return [*lines, ""]
