"""Convolution: what the notes say about sizes, counts and the product of matrices."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from graphspec.errors import ShapeError
from graphspec.inspect.gradient import numeric_gradient, relative_error
from graphspec.layers import conv2d
from graphspec.layers.base import Array, Mode
from graphspec.layers.conv2d import Conv2d
from graphspec.tensor import TensorSpec
from tests.layers import checks
from tests.layers.sampling import samples


def conv(**fields: Any) -> Conv2d:
    return Conv2d(id="conv", inputs=("x",), **{"filters": 1, "kernel": 3, **fields})


def forward(layer: Conv2d, x: Array, w: Array, b: Array | None = None) -> Array:
    params = {"weight": w, "bias": np.zeros(len(w)) if b is None else b}
    return layer.forward((x,), params, Mode()).y


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "pad", "out"),
    [(7, 3, 1, 0, 5), (7, 3, 2, 0, 3), (227, 11, 4, 0, 55), (224, 3, 1, 1, 224)],
)
def test_Q01_the_size_of_the_output(
    size: int, kernel: int, stride: int, pad: int, out: int
) -> None:
    layer = conv(filters=96, kernel=kernel, stride=stride, pad=pad)
    assert layer.infer(TensorSpec((3, size, size))).shape == (96, out, out)


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "pad", "arithmetic"),
    [
        (5, 3, 3, 1, "(5 − 3 + 2·1)/3 + 1 = 2.333"),
        (10, 3, 2, 0, "(10 − 3 + 2·0)/2 + 1 = 4.5"),
        (224, 11, 4, 0, "(224 − 11 + 2·0)/4 + 1 = 54.25"),
    ],
)
def test_Q01_sizes_that_do_not_tile_are_rejected_with_the_reason(
    size: int, kernel: int, stride: int, pad: int, arithmetic: str
) -> None:
    fields = {"kernel": kernel, "stride": stride, "pad": pad}
    with pytest.raises(ShapeError) as caught:
        conv(**fields).infer(TensorSpec((3, size, size)))
    assert (caught.value.code, caught.value.arithmetic) == ("window-remainder", arithmetic)
    floored = conv(**fields, rounding="floor").infer(TensorSpec((3, size, size)))
    assert floored.shape[1] == int(float(arithmetic.split("= ")[1]))


def test_Q02_weights_and_biases_are_counted() -> None:
    layer = conv(filters=96, kernel=11, stride=4)
    image = TensorSpec((3, 227, 227))
    params = {name: prod(param.shape) for name, param in layer.params(image).items()}
    assert params == {"weight": 34_848, "bias": 96}
    assert sum(params.values()) == 34_944
    # Were the weights not shared, each of the 55·55·96 neurons would have its own 363 and a bias.
    assert layer.infer(image).size * (363 + 1) == 105_705_600
    assert layer.macs(image) == 55 * 55 * 96 * 363


def test_Q04_the_columns_of_alexnets_first_layer(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int, ...]] = []
    original = Conv2d._im2col

    def spy(self: Conv2d, *arguments: Any) -> Array:
        columns = original(self, *arguments)
        seen.append(columns.shape)
        return columns

    monkeypatch.setattr(Conv2d, "_im2col", spy)
    rng = np.random.default_rng(0)
    x = rng.standard_normal((1, 3, 227, 227))
    w = rng.standard_normal((96, 3, 11, 11))
    y = forward(conv(filters=96, kernel=11, stride=4), x, w)
    assert seen == [(1, 363, 3025)]
    assert y.shape == (1, 96, 55, 55)
    # Against the sum of the definition, at some places.
    for k, i, j in ((0, 0, 0), (7, 54, 54), (95, 20, 31), (40, 0, 54)):
        patch = x[0, :, 4 * i : 4 * i + 11, 4 * j : 4 * j + 11]
        assert y[0, k, i, j] == pytest.approx(np.sum(patch * w[k]), rel=1e-12)


def test_Q04_the_product_equals_the_sum_of_the_definition() -> None:
    rng = np.random.default_rng(1)
    x, w, b = (rng.standard_normal(shape) for shape in ((2, 4, 6, 7), (6, 2, 3, 2), (6,)))
    layer = conv(filters=6, kernel=(3, 2), stride=(1, 2), pad=(1, 0, 0, 2), dilation=2, groups=2)
    xp = np.pad(x, ((0, 0), (0, 0), (1, 0), (2, 0)))
    y = forward(layer, x, w, b)
    expected = np.empty_like(y)
    for n, k, i, j in np.ndindex(*y.shape):
        of_group = xp[n, 2 * (k // 3) : 2 * (k // 3) + 2]
        expected[n, k, i, j] = b[k] + sum(
            w[k, c, u, v] * of_group[c, i + 2 * u, 2 * j + 2 * v] for c, u, v in np.ndindex(2, 3, 2)
        )
    np.testing.assert_allclose(y, expected, rtol=1e-12, atol=1e-12)


def test_Q05_dilation_leaves_gaps() -> None:
    x = np.arange(1.0, 8.0).reshape(1, 1, 1, 7)
    w = np.array([2.0, 3.0, 5.0]).reshape(1, 1, 1, 3)
    y = forward(conv(kernel=(1, 3), dilation=2), x, w)
    assert y[0, 0, 0, 0] == 2 * x[0, 0, 0, 0] + 3 * x[0, 0, 0, 2] + 5 * x[0, 0, 0, 4]
    assert y.shape[3] == 7 - (3 + (3 - 1) * (2 - 1)) + 1
    y = forward(conv(kernel=(1, 3), dilation=1), x, w)
    assert y[0, 0, 0, 0] == 2 * 1 + 3 * 2 + 5 * 3


def test_pad_is_clockwise_from_the_top() -> None:
    y = forward(conv(kernel=1, pad=(1, 2, 3, 4)), np.ones((1, 1, 2, 2)), np.ones((1, 1, 1, 1)))
    assert y.shape == (1, 1, 1 + 2 + 3, 4 + 2 + 2)
    np.testing.assert_array_equal(y[0, 0, 1:3, 4:6], 1)
    assert y.sum() == 4


def test_pad_same_keeps_the_size_and_puts_the_odd_zero_last() -> None:
    layer = conv(kernel=2, pad="same")
    y = forward(layer, np.ones((1, 1, 3, 3)), np.ones((1, 1, 2, 2)))
    np.testing.assert_array_equal(y[0, 0], [[4, 4, 2], [4, 4, 2], [2, 2, 1]])


def test_computing_in_parts_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = {
        len(list(layer._parts((3, *x.shape), layer._place(x.shape[1:]))))
        for layer, (x,) in samples(Conv2d)
        if isinstance(layer, Conv2d)
    }
    assert parts == {1}
    monkeypatch.setattr(conv2d, "COLUMNS_AT_ONCE", 200)
    for example in samples(Conv2d)[::3]:
        checks.check_gradients(example, True)
        checks.check_evaluation(example)


def test_the_samples_reach_every_field() -> None:
    layers = [layer for layer, _ in samples(Conv2d) if isinstance(layer, Conv2d)]
    assert any(layer.stride not in (1, (1, 1)) for layer in layers)
    assert any(isinstance(layer.stride, tuple) and len(set(layer.stride)) > 1 for layer in layers)
    assert any(layer.dilation not in (1, (1, 1)) for layer in layers)
    assert any(1 < layer.groups < layer.filters for layer in layers)
    assert {type(layer.pad) for layer in layers} == {int, str, tuple}
    assert {layer.rounding for layer in layers} == {"exact", "floor"}
    assert {layer.bias for layer in layers} == {True, False}
    assert any(x.shape[1] % 2 and x.shape[1] != x.shape[2] for _, (x,) in samples(Conv2d))


def test_filters_and_channels_must_be_shared_equally_by_groups() -> None:
    with pytest.raises(ValidationError, match="such as 6"):
        conv(filters=4, groups=3)
    with pytest.raises(ShapeError) as caught:
        conv(filters=6, groups=3).infer(TensorSpec((4, 5, 5)))
    assert (caught.value.code, caught.value.field) == ("groups", "groups")


@pytest.mark.parametrize("shape", [(), (5,), (5, 5), (1, 1, 5, 5)])
def test_only_images_are_taken(shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError) as caught:
        conv().infer(TensorSpec(shape))
    assert caught.value.code == "rank"


@pytest.mark.parametrize("pad", [-1, True, "valid", (1, 2, 3), 1.0, (1, -1)])
def test_a_pad_of_another_form_is_refused_in_words(pad: object) -> None:
    with pytest.raises(ValidationError, match="pad must be a whole number"):
        conv(pad=pad)


def test_Q03_the_gradients_are_those_of_differences() -> None:
    rng = np.random.default_rng(3)
    layer = conv(filters=2, kernel=3, stride=1, pad=1)
    x, dy = rng.standard_normal((4, 3, 5, 5)), rng.standard_normal((4, 2, 5, 5))
    params = {"weight": rng.standard_normal((2, 3, 3, 3)), "bias": rng.standard_normal(2)}
    saved = layer.forward((x,), params, Mode()).saved
    (dx,), dparams = layer.backward(dy, saved, params)
    # Of a function that is linear in each, a long step has no error but rounding.
    numeric = numeric_gradient(lambda v: layer.forward((v,), params, Mode()).y, x, dy, h=0.1)
    assert relative_error(dx, numeric) < 1e-8
    for name in params:

        def y(v: Array, name: str = name) -> Array:
            return layer.forward((x,), {**params, name: v}, Mode()).y

        numeric = numeric_gradient(y, params[name], dy, h=0.1)
        assert relative_error(dparams[name], numeric) < 1e-8
