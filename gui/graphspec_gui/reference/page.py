"""What there is to say of a kind of layer, in blocks of plain text; without Qt."""

from __future__ import annotations

import inspect
from typing import Literal, NamedTuple

from graphspec.layers.base import Layer
from graphspec_gui.forms.fields import REQUIRED, fields_of, kind_of
from graphspec_gui.forms.spelling import write


class Block(NamedTuple):
    """A paragraph: a heading, prose, a formula, or a term with its meaning below."""

    kind: Literal["title", "heading", "prose", "code", "term"]
    text: str


def page(layer: type[Layer]) -> list[Block]:
    """The reference of a kind of layer, every word from its own file."""
    blocks = [Block("title", kind_of(layer))]
    blocks += [_paragraph(part) for part in _doc(layer).split("\n\n") if part]
    ports = ", ".join(port.replace("*", " (any number)") for port in layer.ports)
    blocks.append(Block("prose", f"Reads: {ports}."))
    blocks.append(Block("heading", "Fields"))
    for field in fields_of(layer):
        if field.name == "id":
            continue
        default = "" if field.default is REQUIRED else write(field.shape, field.default) or "null"
        head = f"{field.name} = {default}" if default else field.name
        blocks += [Block("term", head), Block("prose", field.doc)]
    if blocks[-1].kind == "heading":
        blocks.append(Block("prose", "None of its own."))
    for title, function, base in (
        ("Shapes", layer.infer, Layer.infer),
        ("Parameters", layer.params, Layer.params),
        ("Work for one example", layer.macs, Layer.macs),
    ):
        if function is not base and (text := _doc(function)):
            blocks += [Block("heading", title), Block("prose", _flat(text.split("\n\n")[0]))]
    blocks.append(Block("heading", "Examples"))
    for layer_, sources in layer.examples():
        takes = ", ".join(map(str, sources))
        options = ", ".join(
            f"{name}={write_value(value)}"
            for name, value in layer_.model_dump(mode="json", exclude_defaults=True).items()
            if name not in ("id", "inputs", "kind")
        )
        shown = f"{kind_of(layer)}({options})"
        blocks.append(Block("code", f"{shown}\n  {takes} → {layer_.infer(*sources)}"))
    return blocks


def write_value(value: object) -> str:
    """A value of a field as short text."""
    if isinstance(value, dict):
        return str(value.get("kind", "…"))
    return str(value).replace("'", '"')


def _doc(thing: object) -> str:
    return inspect.cleandoc(getattr(thing, "__doc__", None) or "").replace("``", "")


def _flat(text: str) -> str:
    return " ".join(text.split())


def _paragraph(text: str) -> Block:
    """A formula stands alone and is short; prose flows."""
    words = text.split()
    formula = "=" in words[:8] and len(text.splitlines()) <= 3 and not text.endswith(".")
    return Block("code", text) if formula else Block("prose", _flat(text))
