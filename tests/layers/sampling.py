"""Valid configurations of every kind of layer, and arrays to run them on.

They grow out of the kind's own examples: fields are drawn again within their declared types and
bounds, extents of the inputs are renamed, axes are permuted, added and dropped. Whatever the
layer's own ``infer`` takes is a sample.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from functools import cache
from math import prod
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

import numpy as np
from annotated_types import Ge, Gt, Le, Lt, MaxLen, MinLen
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from graphspec.errors import ShapeError
from graphspec.layers.base import Array, Example, Layer, Mode
from graphspec.tensor import TensorSpec

SAMPLES = 40
LARGEST = 150
"""Numbers in one example of an input: small enough for thousands of forward passes."""
SPACING = 1 / 63.37
"""Between the values of an input. No sum of a few of them and a round number comes near zero, so
kinks (of a rectifier, a maximum, a margin) stay many steps of a numeric gradient away."""

Candidate = Example


def _everywhere(x: Array) -> Array:
    return x


def _positive(x: Array) -> Array:
    return 0.3 + np.abs(x)


def _away_from_zero(x: Array) -> Array:
    return x + 0.3 * np.sign(x)


def _wider(x: Array) -> Array:
    return 2 * x


def _narrower(x: Array) -> Array:
    return x / 4


def _far_apart(x: Array) -> Array:
    return 20 * x


DOMAINS: dict[str, Callable[[Array], Array]] = {
    "log": _positive,
    "divide": _away_from_zero,
    "reciprocal": _away_from_zero,
    "hardswish": _wider,
    "lp_pool2d": _away_from_zero,
    "multi_head_attention": _narrower,
    "layer_norm": _far_apart,
    "group_norm": _far_apart,
    "instance_norm": _far_apart,
}
"""Where a function is defined, its gradient is no larger than a numeric one can follow, and all
its pieces are met. (Sets of two values that are normalised must not nearly be equal,
and one score of a softmax not be so large that the others have no gradient to speak of.)"""


@cache
def candidates(kind: type[Layer]) -> tuple[Candidate, ...]:
    """Layers that pydantic accepts, with inputs that ``infer`` may or may not accept."""
    rng = np.random.default_rng(list(kind.__name__.encode()))
    examples = kind.examples()
    found = {_key(example): example for example in examples}
    for _ in range(1500):
        layer, inputs = examples[rng.integers(len(examples))]
        inputs = _vary_inputs(kind, inputs, rng)
        if max(spec.size for spec in inputs) > LARGEST:
            continue
        fields = {"id": layer.id, "inputs": tuple(f"x{i}" for i in range(len(inputs)))}
        for name, field in kind.model_fields.items():
            if name not in ("id", "inputs", "kind"):
                again = rng.random() < 0.5
                fields[name] = draw(field, rng) if again else getattr(layer, name)
        try:
            example = Example(kind.model_validate(fields), inputs)
        except ValidationError:
            continue
        found.setdefault(_key(example), example)
    return tuple(found.values())


@cache
def samples(kind: type[Layer]) -> tuple[Example, ...]:
    """The kind's examples, and valid configurations up to ``SAMPLES`` in all."""
    examples = {_key(example) for example in kind.examples()}
    valid: list[Example] = []
    for candidate in candidates(kind):
        try:
            output = candidate.layer.infer(*candidate.inputs)
        except ShapeError:
            continue
        params = candidate.layer.params(*candidate.inputs).values()
        sizes = (output.size, *(prod(spec.shape) for spec in params))
        if _key(candidate) in examples or max(sizes) <= 4 * LARGEST:
            valid.append(candidate)
        if len(valid) == SAMPLES:
            break
    return tuple(valid)


def _kind(layer: Layer) -> str:
    return str(type(layer).model_fields["kind"].default)


def _key(example: Example) -> str:
    return f"{example.layer!r} {example.inputs}"


def _vary_inputs(
    kind: type[Layer], inputs: tuple[TensorSpec, ...], rng: np.random.Generator
) -> tuple[TensorSpec, ...]:
    if kind.ports[-1].endswith("*"):
        more = rng.integers(0, 3)
        inputs = (*inputs, *(inputs[rng.integers(len(inputs))] for _ in range(more)))
    if rng.random() < 0.2:
        return inputs
    # Equal extents stay equal, so that inputs go on fitting together; and sometimes they do not.
    extents = {extent for spec in inputs for extent in (*spec.shape, spec.classes) if extent}
    renamed = {extent: _extent(rng) for extent in sorted(extents)}
    together = rng.random() < 0.85
    ranks = {len(spec.shape) for spec in inputs if spec.classes is None}
    order = {rank: rng.permutation(rank) for rank in sorted(ranks)}
    permute, grow = rng.random() < 0.25, rng.choice([-1, 0, 1], p=[0.1, 0.8, 0.1])

    def vary(spec: TensorSpec) -> TensorSpec:
        def extent(old: int) -> int:
            return renamed[old] if together or rng.random() < 0.7 else _extent(rng)

        if spec.classes is not None:
            # Two classes often stand for yes and no, and then there is no other number of them.
            classes = 2 if spec.classes == 2 and rng.random() < 0.6 else extent(spec.classes)
            return TensorSpec(tuple(map(extent, spec.shape)), spec.dtype, classes)
        shape = spec.shape
        if permute:
            shape = tuple(shape[axis] for axis in order[len(shape)])
            if rng.random() < 0.6:
                return TensorSpec(shape, spec.dtype)
        shape = tuple(map(extent, shape))
        if grow > 0:
            shape = (*shape, renamed.get(3, 2))
        return TensorSpec(shape[:-1] if grow < 0 else shape, spec.dtype)

    return tuple(map(vary, inputs))


def _extent(rng: np.random.Generator) -> int:
    return int(rng.integers(1, 9) if rng.random() < 0.9 else rng.integers(9, 40))


def draw(annotation: Any, rng: np.random.Generator, metadata: tuple[Any, ...] = ()) -> Any:
    """Draw a value of a type, within the bounds that its metadata declares."""
    if isinstance(annotation, FieldInfo):
        return draw(annotation.annotation, rng, tuple(annotation.metadata))
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        inner: list[Any] = []
        for item in args[1:]:
            inner += item.metadata if isinstance(item, FieldInfo) else [item]
        return draw(args[0], rng, (*metadata, *inner))
    if origin in (Union, types.UnionType):
        return draw(args[rng.integers(len(args))], rng, metadata)
    if origin is Literal:
        return args[rng.integers(len(args))]
    if origin is tuple:
        if args[-1] is not ...:
            return tuple(draw(item, rng) for item in args)
        fewest = next((item.min_length for item in metadata if isinstance(item, MinLen)), 1)
        most = next((item.max_length for item in metadata if isinstance(item, MaxLen)), 4)
        length = rng.integers(fewest, min(most, fewest + 3), endpoint=True)
        return tuple(draw(args[0], rng) for _ in range(length))
    if annotation is bool:
        return bool(rng.integers(2))
    if annotation is int:
        return _draw_int(metadata, rng)
    if annotation is float:
        return _draw_float(metadata, rng)
    if annotation is None or annotation is type(None):
        return None
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return {name: draw(field, rng) for name, field in annotation.model_fields.items()}
    raise TypeError(f"the sampler cannot draw {annotation!r}: teach it, in sampling.py")


def _draw_int(metadata: tuple[Any, ...], rng: np.random.Generator) -> int:
    low = max(
        (item.ge if isinstance(item, Ge) else item.gt + 1)
        for item in (*metadata, Ge(-3 if not _has(metadata, Ge, Gt) else -(2**60)))
        if isinstance(item, (Ge, Gt))
    )
    high = min(
        (item.le if isinstance(item, Le) else item.lt - 1)
        for item in (*metadata, Le(low + 4))
        if isinstance(item, (Le, Lt))
    )
    # Small values twice as often: they are the ones that fit small inputs.
    return int(min(rng.integers(low, high, endpoint=True), rng.integers(low, high, endpoint=True)))


def _draw_float(metadata: tuple[Any, ...], rng: np.random.Generator) -> float:
    low = next(
        (
            getattr(item, "ge", getattr(item, "gt", None))
            for item in metadata
            if isinstance(item, (Ge, Gt))
        ),
        0.0,
    )
    high = next(
        (
            getattr(item, "le", getattr(item, "lt", None))
            for item in metadata
            if isinstance(item, (Le, Lt))
        ),
        low + 2.0,
    )
    choices = [low + min(high - low, 2.0) * part for part in (0.125, 0.25, 0.5, 0.75)]
    choices += [item.ge for item in metadata if isinstance(item, Ge)]
    choices += [item.le for item in metadata if isinstance(item, Le) if item.le <= low + 2]
    return float(choices[rng.integers(len(choices))])


def _has(metadata: tuple[Any, ...], *kinds: type) -> bool:
    return any(isinstance(item, kinds) for item in metadata)


def grid(shape: tuple[int, ...], rng: np.random.Generator, offset: float = 0.381966) -> Array:
    """Distinct float64 values of both signs from about −2 to 2, none near zero, shuffled.

    Neighbours are a whole multiple of ``SPACING`` apart.
    """
    size = prod(shape)
    values = (np.arange(size) - size // 2 + offset) * SPACING * max(1, 250 // size)
    return rng.permutation(values).reshape(shape)


class Arrays(NamedTuple):
    """What one layer runs on: inputs, parameters, and the gradient of its output."""

    xs: tuple[Array, ...]
    params: dict[str, Array]
    dy: Array
    seed: int

    def mode(self, training: bool = True) -> Mode:
        """The mode, with a generator that starts anew: each call draws the same numbers."""
        return Mode(training, np.random.default_rng(self.seed) if training else None)


def arrays(example: Example, batch: int = 3, dtype: Any = np.float64, seed: int = 7) -> Arrays:
    """Inputs on grids, parameters and dy of both signs; running statistics are positive."""
    rng = np.random.default_rng(seed)
    xs: list[Array] = []
    for i, spec in enumerate(example.inputs):
        shape = (batch, *spec.shape)
        if spec.dtype == "int":
            xs.append(rng.integers(0, spec.classes or 5, shape))
        else:
            # Another offset for each input: their differences are not near zero either.
            values = grid(shape, rng, 0.381966 + 0.27 * i)
            xs.append(DOMAINS.get(_kind(example.layer), _everywhere)(values).astype(dtype))
    params: dict[str, Array] = {}
    for name, param in example.layer.params(*example.inputs).items():
        value = rng.uniform(0.2, 1.2, param.shape)
        sign = rng.choice([-1.0, 1.0], param.shape) if param.trained else 1.0
        params[name] = np.asarray(value * sign, dtype)
    dy = rng.uniform(0.2, 1.2, (batch, *example.layer.infer(*example.inputs).shape))
    dy *= rng.choice([-1.0, 1.0], dy.shape)
    return Arrays(tuple(xs), params, dy.astype(dtype), seed)
