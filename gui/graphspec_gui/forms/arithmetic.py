"""The sums behind a layer's shape and cost, with their numbers; without Qt."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from math import prod
from typing import Any, NamedTuple, cast

from graphspec.layers.base import Layer
from graphspec.layers.reducing import Reducing
from graphspec.layers.sliding import Sliding, as_pair, place, sides
from graphspec.tensor import TensorSpec, effective_kernel, window_arithmetic


class Line(NamedTuple):
    """One sum: what it is of, and how it goes."""

    name: str
    text: str


def spell_shape(layer: Layer, sources: tuple[TensorSpec, ...]) -> list[Line]:
    """How a layer comes from the shapes that it reads to the one that it gives.

    Raises:
        ShapeError: the inputs do not fit.
    """
    output = layer.infer(*sources)
    lines = [Line("reads", ", ".join(map(str, sources))), *_sums(layer, sources, output)]
    rule = _first_line(layer.infer)
    if len(lines) == 1 and rule and output.shape != sources[0].shape:
        lines.append(Line("rule", rule))
    return [*lines, Line("gives", str(output))]


def spell_params(layer: Layer, sources: tuple[TensorSpec, ...]) -> list[Line]:
    """How many numbers each parameter has, and how many are trained in all."""
    params = layer.params(*sources)
    lines = []
    for name, param in params.items():
        size = prod(param.shape)
        shape = "·".join(f"{extent:,}" for extent in param.shape) or "1"
        text = f"{shape} = {size:,}" if len(param.shape) > 1 else f"{size:,}"
        lines.append(Line(name, text if param.trained else f"{text}, not trained"))
    trained = [prod(param.shape) for param in params.values() if param.trained]
    if len(trained) > 1:
        terms = " + ".join(f"{size:,}" for size in trained)
        lines.append(Line("trained", f"{terms} = {sum(trained):,}"))
    return lines


def spell_work(layer: Layer, sources: tuple[TensorSpec, ...]) -> list[Line]:
    """How many multiply-accumulates one example takes forward."""
    macs = layer.macs(*sources)
    if not macs:
        return []
    output = layer.infer(*sources)
    params = layer.params(*sources)
    weight = params.get("weight")
    kind = type(layer).model_fields["kind"].default
    if weight is not None and kind == "conv2d":
        patch = "·".join(map(str, weight.shape[1:]))
        places = "·".join(map(str, output.shape))
        return [Line("MACs", f"{places} · {patch} = {macs:,}")]
    if weight is not None and kind == "linear":
        return [Line("MACs", f"{'·'.join(map(str, weight.shape))} = {macs:,}")]
    return [Line("MACs", f"{macs:,}")]


def _sums(layer: Layer, sources: tuple[TensorSpec, ...], output: TensorSpec) -> list[Line]:
    kind = type(layer).model_fields["kind"].default
    first = sources[0] if sources else None
    if first is None:
        return []
    if kind == "conv_transpose2d":
        return _stamps(layer, first, output)
    if hasattr(layer, "kernel") and len(first.shape) == 3:
        return _windows(layer, first, output)
    if kind in ("flatten", "linear") and len(first.shape) > 1:
        return [Line("numbers", f"{_product(first.shape)} = {first.size:,}")]
    if kind == "reshape":
        text = f"{_product(first.shape)} = {first.size:,} = {_product(output.shape)}"
        return [Line("numbers", text)]
    if kind in ("pad2d", "crop2d"):
        return _borders(layer, first, output)
    if kind == "upsample2d":
        factor = as_pair(cast("Any", layer).factor)
        sums = [f"{factor[i]}·{first.shape[i + 1]} = {output.shape[i + 1]}" for i in (0, 1)]
        return _both(sums)
    if kind in ("slice", "permute") or isinstance(layer, Reducing):
        return [_axes(layer, first, output)]
    if kind == "concat":
        axis = next((i for i, size in enumerate(output.shape) if size != first.shape[i]), 0)
        terms = " + ".join(str(tensor.shape[axis]) for tensor in sources)
        return [Line("along the axis", f"{terms} = {output.shape[axis]}")]
    return []


def _windows(layer: Any, x: TensorSpec, output: TensorSpec) -> list[Line]:
    """(W − F_eff + 2P)/S + 1 for height and width."""
    stride = layer.stride if layer.stride is not None else layer.kernel
    sliding = place(
        (x.shape[1], x.shape[2]),
        layer.kernel,
        stride,
        layer.pad,
        getattr(layer, "dilation", 1),
        getattr(layer, "rounding", "exact"),
    )
    found = _both(_window(layer, sliding, axis) for axis in (0, 1))
    if hasattr(layer, "filters"):
        found.append(Line("depth", f"{output.shape[0]} filters"))
    return found


def _window(layer: Any, sliding: Sliding, axis: int) -> str:
    out = sliding.out[axis]
    if layer.pad == "same":
        return f"⌈{sliding.size[axis]}/{sliding.stride[axis]}⌉ = {out}"
    text = window_arithmetic(
        sliding.size[axis],
        sliding.kernel[axis],
        sliding.stride[axis],
        (sliding.before[axis], sliding.after[axis]),
        sliding.dilation[axis],
    )
    return text if text.endswith(f"= {out}") else f"{text} → {out}"


def _stamps(layer: Any, x: TensorSpec, output: TensorSpec) -> list[Line]:
    """(H − 1)·S − P_lo − P_hi + F_eff + A for height and width."""
    kernel, stride = as_pair(layer.kernel), as_pair(layer.stride)
    dilation, extra = as_pair(layer.dilation), as_pair(layer.extra)
    before, after = sides(layer.pad)
    found = []
    for axis in (0, 1):
        reach = effective_kernel(kernel[axis], dilation[axis])
        cut = before[axis] + after[axis]
        found.append(
            f"({x.shape[axis + 1]} − 1)·{stride[axis]} − {cut} + {reach} + {extra[axis]}"
            f" = {output.shape[axis + 1]}"
        )
    return [*_both(found), Line("depth", f"{output.shape[0]} filters")]


def _borders(layer: Any, x: TensorSpec, output: TensorSpec) -> list[Line]:
    """H ± P_lo ± P_hi for height and width."""
    sign, border = ("−", layer.crop) if layer.kind == "crop2d" else ("+", layer.pad)
    before, after = sides(border)
    return _both(
        f"{x.shape[i + 1]} {sign} {before[i]} {sign} {after[i]} = {output.shape[i + 1]}"
        for i in (0, 1)
    )


def _axes(layer: Any, x: TensorSpec, output: TensorSpec) -> Line:
    """What an axis is cut to, in which order the axes are, or how many numbers become one."""
    if layer.kind == "slice":
        taken = range(x.shape[layer.axis])[layer.start : layer.stop : layer.step]
        text = f"{taken.stop} − {taken.start}"
        text = text if taken.step == 1 else f"⌈({text})/{taken.step}⌉"
        return Line("along the axis", f"{text} = {len(taken)}")
    if layer.kind == "permute":
        order = ", ".join(map(str, layer.axes))
        return Line("axes", f"{order} of {x} are {output}")
    together = x.size // output.size
    return Line("numbers", f"{_product(x.shape)} / {together:,} = {output.size:,}")


def _both(sums: Iterable[str]) -> list[Line]:
    """The sums of height and width, as one where they are the same."""
    height, width = sums
    if height == width:
        return [Line("height, width", height)]
    return [Line("height", height), Line("width", width)]


def _product(shape: tuple[int, ...]) -> str:
    return "·".join(map(str, shape)) or "1"


def _first_line(function: object) -> str:
    text = inspect.cleandoc(getattr(function, "__doc__", None) or "")
    return text.split("\n\n")[0].replace("\n", " ").replace("``", "").rstrip(".")
