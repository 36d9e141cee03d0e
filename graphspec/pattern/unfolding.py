"""From a pattern to a network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from graphspec.document.explain import explain
from graphspec.errors import ShapeError, SpecError
from graphspec.graph import GraphSpec
from graphspec.layers.base import Layer
from graphspec.layers.catalog import BY_KIND
from graphspec.pattern.parser import Unit, parse, pattern_error
from graphspec.pattern.words import NAMES, POOLS, defaults
from graphspec.spelling import did_you_mean
from graphspec.tensor import TensorSpec


def expand(
    text: str, input_shape: Sequence[int], classes: int, *, name: str = "untitled"
) -> GraphSpec:
    """Build the network that a pattern describes, with a softmax loss on its scores.

    Args:
        text: the pattern.
        input_shape: one example, channels first, such as (3, 32, 32).
        classes: how many classes there are.
        name: what the network is called.

    Raises:
        SpecError: the pattern cannot be read (``pattern-syntax``, with a caret under the place),
            or an option does not suit its layer (``pattern-option``).
    """
    units = parse(text)
    if not units or units[-1].kind != "linear":
        at = units[-1].at if units else len(text)
        raise pattern_error(text, at, "a pattern ends with FC, which gives the class scores")
    document: dict[str, Any] = {
        "name": name,
        "inputs": {"input": {"shape": list(input_shape)}, "label": {"classes": classes}},
        "layers": [],
    }
    _spec(document)
    layers: list[dict[str, Any]] = []
    counts: dict[str, int] = {}
    above, pools = "input", 0
    tensor: TensorSpec | None = TensorSpec(tuple(input_shape))
    for place, unit in enumerate(units):
        if unit.optional and not _is_even(tensor):
            continue
        fields = defaults(unit.kind, pools, dict(unit.options))
        if unit.kind == "linear" and place == len(units) - 1:
            fields = {"units": classes, **dict(unit.options)}
            layer_id = "scores"
        else:
            stem = NAMES[unit.kind].lower()
            counts[stem] = counts.get(stem, 0) + 1
            layer_id = f"{stem}{counts[stem]}"
        fields = {"id": layer_id, "kind": unit.kind, **fields, "inputs": [above]}
        layer = _validated(fields, text, unit)
        tensor = _next_tensor(layer, tensor)
        layers.append(fields)
        above = layer_id
        pools += unit.kind in POOLS
    layers.append({"id": "loss", "kind": "softmax_loss", "inputs": [above, "label"]})
    return _spec({**document, "layers": layers, "outputs": [above]})


def _spec(document: dict[str, Any]) -> GraphSpec:
    try:
        return GraphSpec.model_validate(document)
    except ValidationError as error:
        raise SpecError(explain(error, document, limit=100)) from None


def _validated(fields: dict[str, Any], text: str, unit: Unit) -> Layer:
    kind = BY_KIND[unit.kind]
    options = [name for name in kind.model_fields if name not in ("id", "kind", "inputs")]
    word = NAMES[unit.kind]
    for key, _ in unit.options:
        if key not in options:
            hint = did_you_mean(key, options) or f". It takes {', '.join(options)}"
            raise pattern_error(
                text, unit.at, f"{word} has no option {key}{hint}", "pattern-option"
            )
    # As a layer of a document, so that what is wrong is told in the document's words.
    wrapped = {"inputs": {}, "layers": [fields]}
    try:
        return GraphSpec.model_validate(wrapped).layers[0]
    except ValidationError as error:
        message = explain(error, wrapped, limit=1)[0].message
        raise pattern_error(text, unit.at, f"{word}: {message}", "pattern-option") from None


def _next_tensor(layer: Layer, tensor: TensorSpec | None) -> TensorSpec | None:
    """What the layer gives, or None when it does not fit: ``check`` will say so with its fixes."""
    if tensor is None:
        return None
    try:
        return layer.infer(tensor)
    except ShapeError:
        return None


def _is_even(tensor: TensorSpec | None) -> bool:
    if tensor is None or len(tensor.shape) != 3:
        return False
    return tensor.shape[1] % 2 == 0 and tensor.shape[2] % 2 == 0
