"""What a document may leave out: the inputs of a layer, and the outputs of the graph."""

from __future__ import annotations

from typing import Any

from graphspec.errors import Problem
from graphspec.layers.base import Layer
from graphspec.layers.catalog import BY_KIND
from graphspec.record import kind_of


def fill(document: dict[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    """Write out what was left out; values of the wrong type are passed on for the checks to find.

    A layer reads the layer above it, the first one the first input of the graph. A loss reads the
    layer above and the only input that can be its label or target. The output is the last layer
    that is not a loss.
    """
    document = dict(document)
    layers, inputs = document.get("layers"), document.get("inputs")
    if not isinstance(layers, list):
        return document, []
    problems: list[Problem] = []
    names = inputs if isinstance(inputs, dict) else {}
    filled: list[Any] = []
    for i, layer in enumerate(layers):
        if isinstance(layer, dict) and "inputs" not in layer:
            kind = _kind(layer)
            if kind is not None:
                found = _inputs_of(kind, filled, names)
                if isinstance(found, str):
                    # An empty list lets the rest of the layer be checked.
                    layer = {**layer, "inputs": []}
                    problems.append(
                        Problem(
                            "inputs-ambiguous", found, ("layers", i, "inputs"), layer=_id(layer)
                        )
                    )
                else:
                    layer = {**layer, "inputs": found}
        filled.append(layer)
    document["layers"] = filled
    if "outputs" not in document:
        last = _last_layer(filled)
        document["outputs"] = [last] if last is not None else []
    return document, problems


def _inputs_of(kind: type[Layer], above: list[Any], names: dict[str, Any]) -> list[str] | str:
    """The ids to read, or in words why they cannot be guessed."""
    title = kind_of(kind)
    ports = kind.ports
    if ports[-1].endswith("*") or (len(ports) > 1 and not kind.is_loss):
        return (
            f"{title} reads several layers, and only you know which. "
            'Write them out, such as "inputs": ["a", "b"]'
        )
    if above:
        source = _id(above[-1])
        over = _kind(above[-1])
        if over is not None and over.is_loss:
            return (
                f"the layer above this {title} is a loss, which gives nothing to read. "
                'Write out "inputs"'
            )
    else:
        source = next(iter(names), None)
    if source is None:
        return f'there is nothing above this {title} that it could read. Write out "inputs"'
    if len(ports) == 1:
        return [source]
    label = ports[1] == "label"
    second = [
        name
        for name, item in names.items()
        if name != source
        and isinstance(item, dict)
        and ((item.get("classes") is not None) == label)
        and (label or name != next(iter(names)))
    ]
    if len(second) != 1:
        found = ", ".join(second) if second else "none"
        needed = 'with "classes"' if label else "besides the first"
        return (
            f"this {title} needs its {ports[1]}: the graph must have one input {needed}, "
            f'and it has {found}. Write out "inputs"'
        )
    return [source, second[0]]


def _last_layer(layers: list[Any]) -> str | None:
    for layer in reversed(layers):
        kind = _kind(layer)
        if (kind is None or not kind.is_loss) and (name := _id(layer)) is not None:
            return name
    return None


def _kind(layer: Any) -> type[Layer] | None:
    kind = layer.get("kind") if isinstance(layer, dict) else None
    return BY_KIND.get(kind) if isinstance(kind, str) else None


def _id(layer: Any) -> str | None:
    name = layer.get("id") if isinstance(layer, dict) else None
    return name if isinstance(name, str) else None
