"""From a network to a pattern."""

from __future__ import annotations

from typing import Any

from graphspec.errors import Problem, SpecError
from graphspec.graph import GraphSpec
from graphspec.layers.base import Layer
from graphspec.pattern.words import NAMES, POOLS, defaults
from graphspec.record import kind_of

LONGEST_BLOCK = 100
"""How many layers a repeated stretch may have to be found."""


def contract(spec: GraphSpec) -> str:
    """Write a chain of layers as a pattern; ``expand`` makes the same layers of it again.

    Only ids may differ. Repeated stretches are folded into ``[…]*n``.

    Raises:
        SpecError: the graph is no chain, or has a layer or field that patterns cannot say
            (``not-a-pattern``).
    """
    *body, loss = spec.layers or (None,)
    if loss is None or _kind(loss) != "softmax_loss":
        raise SpecError([Problem("not-a-pattern", "a pattern ends with one softmax loss, unsaid")])
    above = spec.inputs[0].id if spec.inputs else ""
    for index, layer in enumerate(body):
        if layer.inputs != (above,):
            raise _not_a_pattern(index, layer, f"it does not read {above!r} alone")
        above = layer.id
    if not body or _kind(body[-1]) != "linear":
        raise SpecError([Problem("not-a-pattern", "a pattern ends with a linear layer (FC)")])
    if loss.inputs[:1] != (above,):
        raise _not_a_pattern(len(body), loss, f"it does not read {above!r}")
    classes = [item.classes for item in spec.inputs if item.classes]
    words, pools = [], 0
    for index, layer in enumerate(body):
        kind = _kind(layer)
        if kind not in NAMES:
            raise _not_a_pattern(index, layer, f"patterns have no word for {kind}")
        last = layer is body[-1]
        words.append(_word(index, layer, pools, classes[0] if last and classes else None))
        pools += kind in POOLS
    return " -> ".join(["INPUT", *_fold(words)])


def _word(index: int, layer: Layer, pools: int, classes: int | None) -> str:
    """The name of a layer with those of its fields that the rules would not give it."""
    kind = _kind(layer)
    given = layer.model_dump(mode="json", exclude={"id", "kind", "inputs"})
    options: dict[str, Any] = {}
    # The defaults hang on kernel and stride: those are settled first.
    for key in sorted(given, key=lambda name: name not in ("kernel", "stride")):
        expected = {
            name: field.default
            for name, field in type(layer).model_fields.items()
            if not field.is_required()
        } | defaults(kind, pools, options)
        if classes is not None:
            expected |= {"units": classes}
        if given[key] != expected.get(key, ...):
            if not isinstance(given[key], bool | int | float | str):
                raise _not_a_pattern(index, layer, f"patterns cannot say its {key}")
            options[key] = given[key]
    if not options:
        return NAMES[kind]
    return f"{NAMES[kind]}({', '.join(f'{key}={_value(v)}' for key, v in options.items())})"


def _value(value: bool | int | float | str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f'"{value}"' if isinstance(value, str) else repr(value).replace("e+", "e")


def _fold(words: list[str]) -> list[str]:
    """Fold the repetition that saves most, inside and outside, until there is none."""
    best = (0, 0, 0, 0)  # layers saved, minus the start (the first of equals wins), size, times
    for size in range(1, min(len(words) // 2, LONGEST_BLOCK) + 1):
        run = 0  # how many words in a row equal the one ``size`` later
        for start in range(len(words) - size - 1, -1, -1):
            run = run + 1 if words[start] == words[start + size] else 0
            times = run // size + 1
            best = max(best, ((times - 1) * size, -start, size, times))
    saved, start, size, times = best
    if not saved:
        return words
    start = -start
    block = _fold(words[start : start + size])
    inner = block[0] if size == 1 else f"[{' -> '.join(block)}]"
    return _fold([*words[:start], f"{inner}*{times}", *words[start + size * times :]])


def _kind(layer: Layer) -> str:
    kind: str = kind_of(layer)
    return kind


def _not_a_pattern(index: int, layer: Layer, reason: str) -> SpecError:
    message = f"layer {layer.id!r} cannot be part of a pattern: {reason}"
    return SpecError([Problem("not-a-pattern", message, ("layers", index), layer=layer.id)])
