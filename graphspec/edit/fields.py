"""Edits that change the value of a field."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from typing import Any

from pydantic import BaseModel, ValidationError

from graphspec.document.explain import explain
from graphspec.document.writer import to_json
from graphspec.edit.names import rename
from graphspec.edit.revise import refusal, require_node, revise
from graphspec.errors import JsonPath, SpecError
from graphspec.graph import GraphSpec
from graphspec.layers.base import Layer
from graphspec.recipe.config import TrainConfig
from graphspec.spelling import did_you_mean

MAX_PROBLEMS = 20
MAX_STEPS = 64

_SECTIONS = ("name", "outputs", "training")
_INDEX = re.compile(r"\[(\d{1,9})\]")


def set_field(spec: GraphSpec, name: str, field: str, value: Any) -> GraphSpec:
    """Set a field of a layer or an input; ``"init.std"`` leads inside.

    Setting ``id`` renames, with all that refers to it. Setting ``kind`` keeps the fields that
    the new kind has as well.

    Args:
        spec: the graph.
        name: the id of the layer or input.
        field: the field, or a dotted path that starts with it.
        value: a JSON value, or a value as the field holds it.

    Raises:
        SpecError: there is no such layer or field, or the field cannot take the value.
    """
    require_node(spec, name)
    if field == "id":
        return rename(spec, name, value) if isinstance(value, str) else _not_a_name(value)
    if name in spec.input_by_id:
        return _set(spec, ("inputs", name, *_steps(field)), value)
    at = next(i for i, layer in enumerate(spec.layers) if layer.id == name)
    if (new := _with_field(spec.layers[at], field, value)) is not None:
        return revise(spec, layers=(*spec.layers[:at], new, *spec.layers[at + 1 :]))
    return _set(spec, ("layers", at, *_steps(field)), value)


def set_fields(spec: GraphSpec, names: Collection[str], field: str, value: Any) -> GraphSpec:
    """Set a field of several layers or inputs to one value, as ``set_field`` does of each.

    Raises:
        SpecError: one of them cannot take it.
    """
    layers = (spec.by_id[name] for name in names if name in spec.by_id)
    made = {layer.id: _with_field(layer, field, value) for layer in layers}
    # One copy of the graph for all of them: of a thousand layers it takes a millisecond.
    spec = revise(spec, layers=[made.get(layer.id) or layer for layer in spec.layers])
    for name in names:
        if made.get(name) is None:
            spec = set_field(spec, name, field, value)
    return spec


def set_value(spec: GraphSpec, path: str, value: Any) -> GraphSpec:
    """Set a value by its path: ``conv1.filters``, ``training.update.rate``, ``layers[2].pad``.

    The path starts with ``name``, ``outputs``, ``training``, ``layers[n]``, or the id of a layer
    or input. A training block that is missing is begun.

    Raises:
        SpecError: the path leads nowhere, or the value is not what belongs there.
    """
    steps = _steps(path)
    if steps[0] in _SECTIONS or (steps[0] == "layers" and len(steps) > 2):
        if steps[0] == "layers" and len(steps) == 3 and steps[2] == "id":
            return set_field(spec, _layer_at(spec, steps[1]), "id", value)
        return _set(spec, steps, value)
    # Ids have dots too: the longest one that the path starts with is meant.
    parts = path.split(".")
    for end in range(min(len(parts) - 1, MAX_STEPS), 0, -1):
        name = ".".join(parts[:end])
        if name in spec.by_id or name in spec.input_by_id:
            return set_field(spec, name, ".".join(parts[end:]), value)
    known = [*_SECTIONS, *spec.input_by_id, *spec.by_id]
    first = path.rpartition(".")[0] or path
    raise refusal(
        "no-such-field",
        f"{path!r:.120} leads nowhere: it must start with name, outputs, training or the id of a "
        f"layer, and end with a field{did_you_mean(first, known)}",
    )


def parse_assignment(text: str) -> tuple[str, Any]:
    """Split ``conv1.filters=32`` into a path and a JSON value; what is not JSON is a text.

    Raises:
        SpecError: there is no ``=``, or nothing before it.
    """
    path, equals, raw = text.partition("=")
    path = path.strip()
    if not equals or not path:
        raise refusal(
            "no-assignment", f"{text!r:.120} is not of the form PATH=VALUE, as in conv1.filters=32"
        )
    try:
        return path, json.loads(raw, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return path, raw.strip()


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _with_field(layer: Layer, field: str, value: Any) -> Layer | None:
    """The short way, for a slider that is dragged; what it cannot do the long way explains."""
    if field not in type(layer).model_fields or field in ("id", "kind"):
        return None
    try:
        return type(layer).model_validate({**_fields(layer), field: value})
    except ValidationError:
        return None


def _fields(record: Any) -> dict[str, Any]:
    return {name: getattr(record, name) for name in type(record).model_fields}


def _not_a_name(value: Any) -> GraphSpec:
    raise refusal("wrong-type", f"an id is a text, not {value!r:.60}")


def _layer_at(spec: GraphSpec, index: str | int) -> str:
    if not isinstance(index, int) or index >= len(spec.layers):
        raise refusal("no-such-field", f"there is no layers[{index}]", ("layers",))
    return spec.layers[index].id


def _steps(path: str) -> tuple[str | int, ...]:
    """``update.rate`` → ("update", "rate"); ``layers[2].pad`` → ("layers", 2, "pad")."""
    steps: list[str | int] = []
    for part in path.split("."):
        name = part.partition("[")[0]
        rest = part[len(name) :]
        indices = _INDEX.findall(rest)
        if not name or "".join(f"[{index}]" for index in indices) != rest:
            raise refusal(
                "no-such-field", f"{path!r:.120} is not a path, such as update.rate or pad[0]"
            )
        steps += [name, *map(int, indices)]
    if len(steps) > MAX_STEPS:
        raise refusal("no-such-field", "a path has at most 64 steps")
    return tuple(steps)


def _set(spec: GraphSpec, path: JsonPath, value: Any) -> GraphSpec:
    """Set a value in the JSON document and read it again."""
    document = to_json(spec)
    if path[0] == "training" and len(path) > 1 and spec.training is None:
        document["training"] = TrainConfig().model_dump(mode="json")
    holder: Any = document
    for i, step in enumerate(path[:-1]):
        if _has(holder, step):
            if holder[step] is None:
                # A part that was left out, such as "init", is begun.
                holder[step] = {}
            holder = holder[step]
        elif isinstance(holder, dict) and isinstance(step, str):
            raise _unknown(holder, path[: i + 1])
        else:
            raise refusal("no-such-field", f"there is no {step!r} here", path[: i + 1])
    last = path[-1]
    if not isinstance(holder, dict) and not _has(holder, last):
        raise refusal("no-such-field", f"there is no {last!r} here", path)
    holder[last] = value.model_dump(mode="json") if isinstance(value, BaseModel) else value
    try:
        return GraphSpec.model_validate(document)
    except ValidationError as error:
        problems = explain(error, document, MAX_PROBLEMS)
    if last == "kind" and isinstance(holder, dict):
        # The new kind need not have all the fields of the old one.
        for problem in problems:
            if problem.code == "unknown-key" and problem.path[:-1] == path[:-1]:
                holder.pop(problem.path[-1], None)
        try:
            return GraphSpec.model_validate(document)
        except ValidationError as error:
            problems = explain(error, document, MAX_PROBLEMS)
    raise SpecError(problems)


def _has(holder: Any, step: str | int) -> bool:
    if isinstance(holder, dict):
        return step in holder
    return isinstance(holder, list) and isinstance(step, int) and step < len(holder)


def _unknown(holder: dict[str, Any], path: JsonPath) -> SpecError:
    hint = did_you_mean(str(path[-1]), holder)
    return refusal("unknown-key", f"there is no {path[-1]!r} here{hint}", path)
