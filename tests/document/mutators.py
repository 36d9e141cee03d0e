"""Damage to documents: in their bytes, in their values, and in their graphs."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

TOKENS = [
    *('{"', '"}', "[", "]", "{", "}", ",", ":", '"', "\\", "\\u0000", "\\ud800", "\ufeff", "//"),
    *("NaN", "-Infinity", "1e999", "-1e999", "1e-999", "0", "-0", "00", "1.", "9" * 30, "1" * 5000),
    *("null", "true", "[[" * 40, '{"a":' * 70, "\x00", "\x7f", "\n", "\u202e", "é", "😀"),
    *("__import__('os')", "!!python/object", "$ref", "../../etc/passwd", "<img src=x>"),
]
VALUES: list[Any] = [
    *(None, True, False, 0, 1, -1, 2**31 - 1, 2**31, 2**62, -(2**63) + 1, 2**63, 10**400),
    *(0.0, -0.0, 0.5, 1.0, 1e308, -1e308, 1e-320, 1.5),
    *(
        "",
        "a",
        "a b",
        "..",
        "é",
        "x" * 300,
        "x" * 20_000,
        "1_000",
        "3",
        "__class__",
        "relu",
        "conv2d",
    ),
    *([], [[]], [0], [1, 2], [1] * 10, [None], {}, {"kind": "relu"}, {"kind": None}, {"a": {}}),
    *({"kind": "normal", "std": 1e308}, ["image"] * 50, {"shape": [2**31 - 1] * 8}),
]


def mutate(text: str, others: list[str], rng: random.Random) -> bytes:
    """One to eight faults in a document; ``others`` are spliced in."""
    part = rng.randrange(3)
    if part == 0:
        data = bytearray(text.encode())
        for _ in range(rng.choice((1, 1, 1, 2, 4, 8))):
            _damage_bytes(data, others, rng)
        return bytes(data)
    document = json.loads(text)
    for _ in range(rng.choice((1, 1, 1, 2, 4, 8))):
        document = _damage_values(document, rng) if part == 1 else _damage_graph(document, rng)
    return json.dumps(document, ensure_ascii=rng.random() < 0.5).encode("utf-8", "surrogatepass")


def _damage_bytes(data: bytearray, others: list[str], rng: random.Random) -> None:
    at = rng.randrange(len(data) + 1)
    end = min(len(data), at + rng.choice((1, 1, 2, 8, 64, 1000)))
    match rng.randrange(6):
        case 0:
            data[at:end] = b""
        case 1:
            data[at:at] = rng.choice(TOKENS).encode()
        case 2:
            data[at:end] = rng.choice(TOKENS).encode()
        case 3:
            data[at:at] = data[at:end]
        case 4 if at < len(data):
            data[at] = rng.randrange(256)
        case _:
            other = rng.choice(others).encode()
            start = rng.randrange(len(other))
            data[at:end] = other[start : start + rng.choice((4, 40, 400))]


def _damage_values(document: Any, rng: random.Random) -> Any:
    """Change one value, chosen among all the containers of the document."""
    containers = [document]
    for holder in containers:
        items = holder.values() if isinstance(holder, dict) else holder
        containers += [item for item in items if isinstance(item, dict | list) and item]
    holder = rng.choice(containers)
    other = rng.choice(containers)
    if not holder:
        return copy.deepcopy(rng.choice(VALUES)) or {}
    key = rng.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
    match rng.randrange(6):
        case 0:
            del holder[key]
        case 1 | 2:
            holder[key] = copy.deepcopy(rng.choice(VALUES))
        case 3 if isinstance(holder, dict):
            holder[rng.choice(["kind", "id", "inputs", "pad", "$schema", "extra", "format"])] = (
                copy.deepcopy(rng.choice(VALUES))
            )
        case 3:
            holder.insert(key, copy.deepcopy(rng.choice(holder)))
        case 4:
            holder[key] = copy.deepcopy(other)
        case _ if isinstance(holder[key], int | float):
            factors = (-1, 0, 2, 10, 1000, 10**6, 0.5 if abs(holder[key]) < 10**6 else 1)
            holder[key] *= rng.choice(factors)
        case _ if isinstance(holder[key], str):
            holder[key] = rng.choice((holder[key][1:], holder[key] + "x", holder[key].upper()))
        case _:
            holder[key] = copy.deepcopy(holder)
    return document if isinstance(document, dict | list) else {}


def _damage_graph(document: Any, rng: random.Random) -> Any:
    """Change the wiring, the order or a number: the document still reads, more often than not."""
    layers = document.get("layers", document.get("nodes", [])) if document else []
    if not layers:
        return document
    names = [*document.get("inputs", {}), *(layer["id"] for layer in layers), "nobody"]
    at, layer = rng.randrange(len(layers)), rng.choice(layers)
    numbers = [key for key, value in layer.items() if type(value) is int]
    match rng.randrange(7):
        case 0:
            layer["inputs"] = rng.choices(names, k=rng.choice((0, 1, 1, 2, 3, 20)))
        case 1:
            del layers[at]
        case 2:
            layers.insert(at, copy.deepcopy(layer))
        case 3:
            rng.shuffle(layers)
        case 4:
            layer["id"] = rng.choice(names)
        case 5:
            document["inputs"] = {
                "image": {"shape": rng.choices((1, 2, 3, 7, 10**6, 2**31 - 1), k=3)}
            }
        case _ if numbers:
            layer[rng.choice(numbers)] = rng.choice((1, 2, 3, 7, 1000, 10**6, 2**31 - 1))
        case _:
            layer.pop("inputs", None)
    return document
