"""Every layer against PyTorch in float64: the output and every gradient."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest

from graphspec.layers.base import Example, Layer
from graphspec.layers.catalog import BY_KIND
from tests.layers.sampling import arrays, samples
from tests.oracle.equivalents import EQUIVALENTS, Tensors, equivalent
from tests.oracle.padding import in_torch_order, overhang, pair

torch = pytest.importorskip("torch")
F = torch.nn.functional

for group in ("losses", "gates", "norms", "shapes", "sequences"):
    importlib.import_module(f"tests.oracle.torch_{group}")


@equivalent("linear")
def linear(layer: Any, xs: Tensors, params: dict[str, Any], training: bool) -> Any:
    return F.linear(xs[0].reshape(len(xs[0]), -1), params["weight"].T, params.get("bias"))


@equivalent("conv2d")
def conv2d(layer: Any, xs: Tensors, params: dict[str, Any], training: bool) -> Any:
    (x,) = xs
    return F.conv2d(
        F.pad(x, in_torch_order(layer, x)),
        params["weight"],
        params.get("bias"),
        stride=layer.stride,
        dilation=layer.dilation,
        groups=layer.groups,
    )


@equivalent("relu")
def relu(layer: Any, xs: Tensors, params: dict[str, Any], training: bool) -> Any:
    return F.relu(xs[0])


@equivalent("leaky_relu")
def leaky_relu(layer: Any, xs: Tensors, params: dict[str, Any], training: bool) -> Any:
    return F.leaky_relu(xs[0], layer.slope)


@equivalent("sigmoid")
def sigmoid(layer: Any, xs: Tensors, params: dict[str, Any], training: bool) -> Any:
    return torch.sigmoid(xs[0])


@equivalent("tanh")
def tanh(layer: Any, xs: Tensors, params: dict[str, Any], training: bool) -> Any:
    return torch.tanh(xs[0])


@equivalent("add")
def add(layer: Any, xs: Tensors, params: dict[str, Any], training: bool) -> Any:
    return torch.stack(xs).sum(0)


@equivalent("multiply")
def multiply(layer: Any, xs: Tensors, params: dict[str, Any], training: bool) -> Any:
    return torch.stack(xs).prod(0)


@equivalent("concat")
def concat(layer: Any, xs: Tensors, params: dict[str, Any], training: bool) -> Any:
    return torch.cat(xs, dim=layer.axis + 1)


@equivalent("softmax")
def softmax(layer: Any, xs: Tensors, params: dict[str, Any], training: bool) -> Any:
    return F.softmax(xs[0], dim=layer.axis + 1)


@equivalent("dropout")
def dropout(layer: Any, xs: Tensors, params: dict[str, Any], training: bool) -> Any:
    return F.dropout(xs[0], layer.drop, training=False) * (1 if layer.inverted else 1 - layer.drop)


@equivalent("batch_norm")
def batch_norm(layer: Any, xs: Tensors, params: dict[str, Any], training: bool) -> Any:
    return F.batch_norm(
        xs[0],
        params["mean"].clone(),
        params["variance"].clone(),
        params["scale"],
        params["shift"],
        training=training,
        momentum=1 - layer.momentum,
        eps=layer.epsilon,
    )


def as_torch_takes_it(layer: Any) -> bool:
    """PyTorch pads both sides alike, and by no more than half the kernel."""
    if layer.pad == "same":
        return False
    if isinstance(layer.pad, tuple) and len(layer.pad) == 4:
        return False
    return all(2 * p <= k for p, k in zip(pair(layer.pad), pair(layer.kernel), strict=True))


@equivalent("max_pool2d")
def max_pool2d(layer: Any, xs: Tensors, params: dict[str, Any], training: bool) -> Any:
    (x,) = xs
    if as_torch_takes_it(layer):
        ceil = layer.rounding == "ceil"
        return F.max_pool2d(x, layer.kernel, layer.stride, layer.pad, ceil_mode=ceil)
    x = F.pad(x, in_torch_order(layer, x), value=-torch.inf)
    x = F.pad(x, overhang(layer, xs[0]), value=-torch.inf)
    return F.max_pool2d(x, layer.kernel, layer.stride)


@equivalent("avg_pool2d")
def avg_pool2d(layer: Any, xs: Tensors, params: dict[str, Any], training: bool) -> Any:
    (x,) = xs
    if as_torch_takes_it(layer):
        return F.avg_pool2d(
            x,
            layer.kernel,
            layer.stride,
            layer.pad,
            ceil_mode=layer.rounding == "ceil",
            count_include_pad=layer.include_pad,
        )
    # The sum of each window, divided by how many of its places count.
    counts = F.pad(torch.ones_like(x), in_torch_order(layer, x), value=float(layer.include_pad))
    values = F.pad(x, in_torch_order(layer, x))
    total, n = (
        F.avg_pool2d(F.pad(v, overhang(layer, x)), layer.kernel, layer.stride, divisor_override=1)
        for v in (values, counts)
    )
    return total / n


@equivalent("global_avg_pool2d")
def global_avg_pool2d(layer: Any, xs: Tensors, params: dict[str, Any], training: bool) -> Any:
    return F.adaptive_avg_pool2d(xs[0], 1).flatten(1)


@equivalent("flatten")
def flatten(layer: Any, xs: Tensors, params: dict[str, Any], training: bool) -> Any:
    return torch.flatten(xs[0].unsqueeze(-1), 1)


@equivalent("append_one")
def append_one(layer: Any, xs: Tensors, params: dict[str, Any], training: bool) -> Any:
    return F.pad(xs[0].reshape(len(xs[0]), -1), (0, 1), value=1.0)


@equivalent("reshape")
def reshape(layer: Any, xs: Tensors, params: dict[str, Any], training: bool) -> Any:
    return torch.reshape(xs[0], (len(xs[0]), *layer.shape))


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
    if BY_KIND[kind].draws and training:
        pytest.skip("the two draw different numbers; the kind's own test checks what is drawn")
    for example in samples(BY_KIND[kind]):
        try:
            compare(example, kind, training)
        except Exception as error:
            error.add_note(f"with {example.layer!r} on {[str(spec) for spec in example.inputs]}")
            raise


def test_batch_norm_running_statistics() -> None:
    """PyTorch's momentum is one minus ours, and its running variance is the unbiased one."""
    for example in samples(BY_KIND["batch_norm"]):
        layer: Any = example.layer
        at = arrays(example)
        state = layer.forward(at.xs, at.params, at.mode()).state
        mean, variance = (torch.tensor(at.params[name]) for name in ("mean", "variance"))
        x = torch.tensor(at.xs[0])
        F.batch_norm(x, mean, variance, training=True, momentum=1 - layer.momentum)
        agree("the running mean", state["mean"], mean)
        numbers = at.xs[0].size // len(mean)
        before, keep = at.params["variance"], layer.momentum
        biased = (variance.numpy() - keep * before) * (numbers - 1) / numbers
        np.testing.assert_allclose(state["variance"], keep * before + biased, rtol=1e-10)
