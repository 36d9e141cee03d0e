"""Every layer against PyTorch in float64: the output and every gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from graphspec.layers.base import Example, Layer
from graphspec.layers.catalog import BY_KIND
from tests.layers.sampling import arrays, samples

torch = pytest.importorskip("torch")
F = torch.nn.functional

Tensors = tuple[Any, ...]
Equivalent = Callable[[Any, Tensors, dict[str, Any], bool], Any]
EQUIVALENTS: dict[str, Equivalent] = {}


def equivalent(kind: str) -> Callable[[Equivalent], Equivalent]:
    def register(function: Equivalent) -> Equivalent:
        EQUIVALENTS[kind] = function
        return function

    return register


def pair(value: Any) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else value


def sides(layer: Any, height: int, width: int) -> tuple[int, int, int, int]:
    """The padding in PyTorch's order: left, right, top, bottom."""
    pad = layer.pad
    if pad == "same":
        (kh, kw), (sh, sw) = pair(layer.kernel), pair(layer.stride)
        dh, dw = pair(getattr(layer, "dilation", 1))
        vertical = max((-(-height // sh) - 1) * sh + (kh - 1) * dh + 1 - height, 0)
        horizontal = max((-(-width // sw) - 1) * sw + (kw - 1) * dw + 1 - width, 0)
        top, left = vertical // 2, horizontal // 2
        return left, horizontal - left, top, vertical - top
    if isinstance(pad, int):
        return pad, pad, pad, pad
    if len(pad) == 2:
        return pad[1], pad[1], pad[0], pad[0]
    top, right, bottom, left = pad
    return left, right, top, bottom


@equivalent("linear")
def linear(layer: Any, xs: Tensors, params: dict[str, Any], training: bool) -> Any:
    return F.linear(xs[0].reshape(len(xs[0]), -1), params["weight"].T, params.get("bias"))


@equivalent("conv2d")
def conv2d(layer: Any, xs: Tensors, params: dict[str, Any], training: bool) -> Any:
    (x,) = xs
    return F.conv2d(
        F.pad(x, sides(layer, *x.shape[2:])),
        params["weight"],
        params.get("bias"),
        stride=layer.stride,
        dilation=layer.dilation,
        groups=layer.groups,
    )


@equivalent("relu")
def relu(layer: Any, xs: Tensors, params: dict[str, Any], training: bool) -> Any:
    return F.relu(xs[0])


@equivalent("softmax_loss")
def softmax_loss(layer: Any, xs: Tensors, params: dict[str, Any], training: bool) -> Any:
    return F.cross_entropy(xs[0], xs[1], reduction="none")


def compare(example: Example, kind: str, training: bool) -> None:
    layer: Layer = example.layer
    at = arrays(example)
    forward = layer.forward(at.xs, at.params, at.mode(training))
    dxs, dparams = layer.backward(at.dy, forward.saved, at.params)

    xs = tuple(torch.tensor(x, requires_grad=x.dtype == np.float64) for x in at.xs)
    trained = {name for name, p in layer.params(*example.inputs).items() if p.trained}
    params = {
        name: torch.tensor(value, requires_grad=name in trained)
        for name, value in at.params.items()
    }
    y = EQUIVALENTS[kind](layer, xs, params, training)
    y.backward(torch.tensor(at.dy))

    agree("the output", forward.y, y)
    for i, (x, dx) in enumerate(zip(xs, dxs, strict=True)):
        if dx is not None:
            agree(f"the gradient of input {i}", dx, x.grad)
    for name in trained:
        agree(f"the gradient of {name}", dparams[name], params[name].grad)


def agree(what: str, ours: Any, theirs: Any) -> None:
    theirs = theirs.detach().numpy()
    # Relative to the array: elements that cancel to nothing have no digits of their own.
    scale = max(1e-3, np.abs(theirs).max(initial=0))
    np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-10 * scale, err_msg=what)


def test_every_kind_has_an_equivalent() -> None:
    assert set(EQUIVALENTS) == set(BY_KIND)


@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
@pytest.mark.parametrize("kind", BY_KIND)
def test_output_and_gradients(kind: str, training: bool) -> None:
    for example in samples(BY_KIND[kind]):
        try:
            compare(example, kind, training)
        except Exception as error:
            error.add_note(f"with {example.layer!r} on {[str(spec) for spec in example.inputs]}")
            raise
