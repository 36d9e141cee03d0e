"""Fixes for shapes that do not fit; each is tried by inferring again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from math import isqrt, prod
from typing import Any

from graphspec import edit
from graphspec.check.scene import Apply, Proposals, Scene, changed, made, result
from graphspec.check.shapes import LABEL_PORT, infer_layer
from graphspec.errors import Problem
from graphspec.graph import GraphSpec
from graphspec.layers.base import Layer
from graphspec.record import kind_of
from graphspec.tensor import TensorSpec

WALK = 50
"""How many layers are gone back in search of the one that sets a size."""
TRIED = 12
"""How many values of one field are tried."""


def _refit_window(problem: Problem, scene: Scene) -> Proposals:
    """Another pad, stride, rounding or kernel, nearest to what is there."""
    i = _place(problem)
    layer, tensors = scene.layer(i), scene.tensors(i)
    if tensors is None or not tensors[0].shape:
        return
    fields = type(layer).model_fields
    candidates = {
        "pad": [*_near(_largest(getattr(layer, "pad", 0)), 0, TRIED), "same"],
        "stride": _near(_largest(getattr(layer, "stride", 1)), 1, TRIED),
        "rounding": ["floor"],
        "kernel": [
            *_near(_largest(getattr(layer, "kernel", 1)), 1, TRIED),
            min(tensors[0].shape[1:] or tensors[0].shape),
            1,
        ],
    }
    order = ["kernel", "pad", "stride", "rounding"]
    if problem.code == "window-remainder":
        order = ["pad", "stride", "rounding", "kernel"]
    for field in order:
        if field not in fields:
            continue
        for value in candidates[field]:
            if value != getattr(layer, field) and _fits(changed(layer, **{field: value}), tensors):
                yield _setting(layer.id, field, value)
                break


def _near(value: int, lowest: int, count: int) -> Iterator[int]:
    """The whole numbers around a value: one more, one less, two more …."""
    for step in range(1, count + 1):
        yield value + step
        if value - step >= lowest:
            yield value - step
    if value > count:
        yield lowest


def _largest(value: Any) -> int:
    """One number for a field that may be a pair, four numbers or a word."""
    if isinstance(value, tuple):
        return max((item for item in value if isinstance(item, int)), default=0)
    return value if isinstance(value, int) else 0


def _one_score_per_class(problem: Problem, scene: Scene) -> Proposals:
    """Set the size of the layer that makes the scores, or the number of classes."""
    i = _place(problem)
    layer, tensors = scene.layer(i), scene.tensors(i)
    if tensors is None or LABEL_PORT not in layer.ports or len(tensors) != 2:
        return
    scores, label = tensors
    if label.classes is None:
        return
    source, name = scene.wiring.sources[i][0], layer.inputs[1]
    yield from _resized(scene, source, lambda found: _fits(layer, (found, label)), label.classes)
    linear = made("linear", units=label.classes)
    head = result(linear, scores)
    if head is not None and len(scores.shape) > 1 and _fits(layer, (head, label)):
        yield _insertion(scene, i, 0, linear, f"a linear of {label.classes} units")
    if len(scores.shape) == 1 and _fits(layer, (scores, TensorSpec((), "int", scores.size))):
        yield (
            f"set classes of {name} to {scores.size}",
            partial(edit.set_field, name=name, field="classes", value=scores.size),
        )


def _one_score_per_label(problem: Problem, scene: Scene) -> Proposals:
    """Set the size of the layer that makes the scores, or the number of labels."""
    i = _place(problem)
    layer, tensors = scene.layer(i), scene.tensors(i)
    if tensors is None or len(tensors) != 2:
        return
    scores, label = tensors
    source, name = scene.wiring.sources[i][0], layer.inputs[1]
    yield from _resized(scene, source, lambda found: _fits(layer, (found, label)), label.size)
    if name in scene.spec.input_by_id and _fits(
        layer, (scores, replace(label, shape=scores.shape))
    ):
        yield _setting(name, "shape", scores.shape)


def _two_classes(problem: Problem, scene: Scene) -> Proposals:
    """A label that says yes or no."""
    layer = scene.layer(_place(problem))
    name = layer.inputs[layer.ports.index(LABEL_PORT)]
    if name in scene.spec.input_by_id:
        yield _setting(name, "classes", 2)


def _no_weights(problem: Problem, scene: Scene) -> Proposals:
    """Every class counts alike."""
    yield _setting(scene.layer(_place(problem)).id, "class_weights", None)


def _resized(
    scene: Scene, number: int | None, suits: Callable[[TensorSpec], bool], size: int
) -> Proposals:
    """Go back to the layer that sets the number of units or filters, and try another number."""
    chain: list[int] = []
    while number is not None and number >= 0 and len(chain) < WALK:
        layer, tensors = scene.layer(number), scene.tensors(number)
        if tensors is None:
            return
        for field in ("units", "filters"):
            if field in type(layer).model_fields:
                found = result(changed(layer, **{field: size}), *tensors)
                for follower in reversed(chain):
                    found = None if found is None else result(scene.layer(follower), found)
                if found is not None and suits(found) and scene.number(layer.id) == number:
                    yield _setting(layer.id, field, size)
                return
        if len(tensors) != 1:
            return
        chain.append(number)
        number = scene.wiring.sources[number][0]


def _reshape_input(problem: Problem, scene: Scene) -> Proposals:
    """Put a flatten, a reshape or a pool in front of a layer that wants another rank."""
    i = _place(problem)
    layer, tensors = scene.layer(i), scene.tensors(i)
    if tensors is None:
        return
    ports = range(len(tensors))
    for j in sorted(ports, key=lambda j: problem.port not in (None, edit.port_name(layer, j))):
        x = tensors[j]
        for kind in ("flatten", "global_avg_pool2d"):
            yield from _tried(scene, i, j, made(kind), f"a {kind}")
        for shape in _image_shapes(x):
            text = "[" + ", ".join(map(str, shape)) + "]"
            yield from _tried(scene, i, j, made("reshape", shape=shape), f"a reshape to {text}")


def _image_shapes(x: TensorSpec) -> Iterable[tuple[int, ...]]:
    """Images that a flat input could be: grey or coloured and square, or one pixel."""
    if len(x.shape) == 2:
        yield (1, *x.shape)
    for channels in (1, 3):
        side = isqrt(x.size // channels)
        if side > 1 and channels * side * side == x.size:
            yield (channels, side, side)
    yield (x.size, 1, 1)


def _tried(scene: Scene, i: int, j: int, extra: Layer | None, what: str) -> Proposals:
    """An insertion before a port, if it can be computed and the layer then fits."""
    tensors = scene.tensors(i)
    if extra is None or tensors is None:
        return
    found = result(extra, tensors[j])
    if found is not None and _fits(scene.layer(i), (*tensors[:j], found, *tensors[j + 1 :])):
        yield _insertion(scene, i, j, extra, what)


def _match_shapes(problem: Problem, scene: Scene) -> Proposals:
    """Bring one input of an add, multiply, concat or loss to the shape of another."""
    i = _place(problem)
    layer, tensors = scene.layer(i), scene.tensors(i)
    if tensors is None:
        return
    for j in range(len(tensors) - 1, -1, -1):
        if len(tensors) == 2 or problem.port == edit.port_name(layer, j):
            yield from _brought_to(problem, scene, j, tensors[1 if j == 0 else 0])
    yield from _reshape_input(problem, scene)


def _brought_to(problem: Problem, scene: Scene, j: int, wanted: TensorSpec) -> Proposals:
    """Change what makes input j, or project it, so that it has the wanted shape."""
    i = _place(problem)
    layer, tensors = scene.layer(i), scene.tensors(i) or ()
    x = tensors[j]
    if not x.shape or not wanted.shape:
        return

    def suits(found: TensorSpec) -> bool:
        after = infer_layer(layer, (*tensors[:j], found, *tensors[j + 1 :]))
        # Another input may be wrong as well; that is another problem.
        return not isinstance(after, Problem) or (
            len(tensors) > 2 and after.port not in (None, problem.port)
        )

    yield from _resized(scene, scene.wiring.sources[i][j], suits, wanted.shape[0])
    if len(x.shape) == len(wanted.shape) == 1:
        linear = made("linear", units=wanted.size)
        if linear is not None and suits(TensorSpec((wanted.size,))):
            yield _insertion(scene, i, j, linear, f"a linear of {wanted.size} units")
    if len(x.shape) == len(wanted.shape) == 3:
        yield from _projected(scene, i, j, wanted, suits)
        yield from _restrided(scene, scene.wiring.sources[i][j], x, suits)


def _projected(
    scene: Scene, i: int, j: int, wanted: TensorSpec, suits: Callable[[TensorSpec], bool]
) -> Proposals:
    """A 1×1 convolution in front, as residual networks have it."""
    x = (scene.tensors(i) or ())[j]
    down, right = (max(-(-a // b), 1) for a, b in zip(x.shape[1:], wanted.shape[1:], strict=True))
    for filters in dict.fromkeys((wanted.shape[0], x.shape[0])):
        projection = made(
            "conv2d",
            filters=filters,
            kernel=1,
            stride=down if down == right else (down, right),
            rounding="exact" if (down, right) == (1, 1) else "floor",
            bias=False,
        )
        found = result(projection, x)
        if projection is not None and found is not None and suits(found):
            step = "" if (down, right) == (1, 1) else f" and stride {down}"
            what = f"a 1×1 convolution of {filters} filters{step}"
            yield _insertion(scene, i, j, projection, what)


def _restrided(
    scene: Scene, number: int | None, x: TensorSpec, suits: Callable[[TensorSpec], bool]
) -> Proposals:
    """Another stride or pad of the layer that sets the size of an image."""
    for _ in range(WALK):
        inputs = scene.tensors(number) if number is not None and number >= 0 else None
        if number is None or not inputs:
            return
        layer = scene.layer(number)
        if "stride" in type(layer).model_fields:
            for field, values in (("stride", (1, 2)), ("pad", (*range(4), "same"))):
                for value in values:
                    found = result(changed(layer, **{field: value}), *inputs)
                    if found is not None and found != x and suits(found):
                        yield _setting(layer.id, field, value)
                        break
            return
        if len(inputs) != 1 or scene.shape(number) != inputs[0]:
            return
        number = scene.wiring.sources[number][0]


def _divide_channels(problem: Problem, scene: Scene) -> Proposals:
    """The nearest number of groups that divides the channels."""
    i = _place(problem)
    layer, tensors = scene.layer(i), scene.tensors(i)
    groups = getattr(layer, "groups", None)
    if tensors is None or not isinstance(groups, int):
        return
    for value in (*_near(min(groups, tensors[0].shape[0]), 1, TRIED), tensors[0].shape[0], 1):
        if value != groups and _fits(changed(layer, groups=value), tensors):
            yield _setting(layer.id, "groups", value)


def _flat_size(problem: Problem, scene: Scene) -> Proposals:
    """For a reshape: one extent corrected so that the sizes agree, or left open."""
    i = _place(problem)
    layer, tensors = scene.layer(i), scene.tensors(i)
    shape = getattr(layer, "shape", None)
    if tensors is None or not isinstance(shape, tuple):
        return
    for k in range(len(shape)):
        rest = prod(extent for extent in (*shape[:k], *shape[k + 1 :]) if extent != -1)
        value = (*shape[:k], tensors[0].size // max(rest, 1), *shape[k + 1 :])
        if value != shape and _fits(changed(layer, shape=value), tensors):
            yield _setting(layer.id, "shape", value)
    whole = (tensors[0].size,)
    if _fits(changed(layer, shape=whole), tensors):
        yield _setting(layer.id, "shape", whole)


def _other_axis(problem: Problem, scene: Scene) -> Proposals:
    """An axis that there is."""
    i = _place(problem)
    layer, tensors = scene.layer(i), scene.tensors(i)
    if tensors is None or "axis" not in type(layer).model_fields:
        return
    for axis in range(len(tensors[0].shape)):
        if _fits(changed(layer, axis=axis), tensors):
            yield _setting(layer.id, "axis", axis)


def _match_extents(problem: Problem, scene: Scene) -> Proposals:
    """For a concat: bring the inputs together, or join them along another axis."""
    yield from _match_shapes(problem, scene)
    yield from _other_axis(problem, scene)


def _fits(layer: Layer | None, tensors: tuple[TensorSpec, ...]) -> bool:
    return result(layer, *tensors) is not None


def _setting(name: str, field: str, value: Any) -> tuple[str, Apply]:
    return (
        f"set {field} of {name} to {value if isinstance(value, str) else json.dumps(value)}",
        partial(edit.set_field, name=name, field=field, value=value),
    )


def _insertion(scene: Scene, i: int, j: int, extra: Layer | None, what: str) -> tuple[str, Apply]:
    assert extra is not None  # it was tried out
    layer = scene.layer(i)
    return (
        f"insert {what} between {layer.inputs[j]} and {layer.id}",
        partial(_inserted, source=layer.inputs[j], target=layer.id, port=j, extra=extra),
    )


def _inserted(spec: GraphSpec, *, source: str, target: str, port: int, extra: Layer) -> GraphSpec:
    prefix = target.rpartition(".")[0]
    stem = f"{prefix}.{kind_of(extra)}" if prefix else kind_of(extra)
    named = extra.model_copy(update={"id": edit.free_id(spec, stem)})
    return edit.insert_on_edge(spec, source, target, port, named)


def _place(problem: Problem) -> int:
    i = problem.path[1]
    assert isinstance(i, int)
    return i


PROPOSERS: dict[str, Callable[[Problem, Scene], Proposals]] = {
    "window-remainder": _refit_window,
    "window-too-large": _refit_window,
    "scores-per-class": _one_score_per_class,
    "scores-per-label": _one_score_per_label,
    "two-classes": _two_classes,
    "class-weights": _no_weights,
    "rank": _reshape_input,
    "shapes-differ": _match_shapes,
    "concat-extent": _match_extents,
    "axis": _other_axis,
    "groups": _divide_channels,
    "reshape-size": _flat_size,
}
