"""Old formats, brought up to date one step at a time.

A step is a pure function from the JSON value of one format to that of the next. It changes what
it knows and leaves everything else as it is: what is wrong with an old document is found
afterwards, with the same words as in a new one. ``tests/corpus/documents`` keeps documents of
every format for ever.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

FIRST_NAMES: dict[str, tuple[str, ...]] = {
    "layers": ("nodes",),
    "kind": ("type",),
    "drop": ("keep",),
    "pad": ("padding",),
    "inputs": ("from",),
}
"""What keys of today were called in older formats, to find their places in an old text."""


def upgrade(document: dict[str, Any]) -> dict[str, Any]:
    """Bring a document of any known format to the newest; one that is unknown comes back as is."""
    while (step := STEPS.get(_format(document))) is not None:
        document = step(document)
    return document


def upgrade_0_to_1(document: dict[str, Any]) -> dict[str, Any]:
    """``graphspec/0`` → ``graphspec/1``.

    ``nodes`` became ``layers``; in a node ``type`` became ``kind``, ``from`` (one name or a list)
    became ``inputs``, ``padding`` became ``pad``, and dropout's ``keep`` (the probability to keep
    a value) became ``drop`` = 1 − keep.
    """
    new = {("layers" if key == "nodes" else key): value for key, value in document.items()}
    new["format"] = "graphspec/1"
    if isinstance(new.get("layers"), list):
        new["layers"] = [_node_to_layer(node) for node in new["layers"]]
    return new


def _node_to_layer(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    layer: dict[str, Any] = {}
    for key, value in node.items():
        if key == "type":
            layer["kind"] = value
        elif key == "padding":
            layer["pad"] = value
        elif key == "from":
            layer["inputs"] = [value] if isinstance(value, str) else value
        elif key == "keep" and isinstance(value, int | float) and not isinstance(value, bool):
            # Twelve digits hide the rounding of 1 − 0.9 = 0.09999999999999998.
            layer["drop"] = round(1 - value, 12)
        else:
            layer[key] = value
    return layer


STEPS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {"graphspec/0": upgrade_0_to_1}
"""By the format that a step starts from."""


def _format(document: dict[str, Any]) -> str:
    value = document.get("format")
    return value if isinstance(value, str) else ""
