"""Layers that change shapes: upsampling, cutting, reducing, reordering, looking up."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from graphspec.errors import ShapeError
from graphspec.layers.base import Array, Layer, Mode
from graphspec.layers.catalog import BY_KIND
from graphspec.layers.conv2d import Conv2d
from graphspec.layers.conv_transpose2d import ConvTranspose2d
from graphspec.layers.embedding import Embedding
from graphspec.tensor import TensorSpec

WINDOW = "window-too-large"


def make(kind: str, **fields: Any) -> Layer:
    inputs = tuple(f"x{i}" for i in range(len(BY_KIND[kind].ports)))
    return BY_KIND[kind].model_validate({"id": "f", "inputs": inputs, **fields})


def run(kind: str, x: Any, **fields: Any) -> Array:
    return make(kind, **fields).forward((np.asarray(x, float),), {}, Mode()).y


def test_a_transposed_convolution_is_the_backward_of_a_convolution() -> None:
    rng = np.random.default_rng(0)
    fields = {"kernel": 3, "stride": 2, "pad": 1, "bias": False}
    weight, x = rng.standard_normal((4, 2, 3, 3)), rng.standard_normal((3, 2, 7, 9))
    conv = Conv2d(id="f", filters=4, inputs=("x",), **fields)
    forward = conv.forward((x,), {"weight": weight}, Mode())
    dy = rng.standard_normal(forward.y.shape)
    (dx,), _ = conv.backward(dy, forward.saved, {"weight": weight})
    up = ConvTranspose2d(id="f", filters=2, inputs=("x",), **fields)
    assert up.infer(TensorSpec(dy.shape[1:])).shape == x.shape[1:]
    y = up.forward((dy,), {"weight": weight}, Mode()).y
    np.testing.assert_allclose(y, dx, rtol=1e-12, atol=1e-12)


def test_an_extra_row_tells_two_sizes_apart() -> None:
    conv = Conv2d(id="f", filters=1, kernel=3, stride=2, pad=1, rounding="floor", inputs=("x",))
    for size, extra in ((7, 0), (8, 1)):
        small = conv.infer(TensorSpec((1, size, size)))
        up = ConvTranspose2d(
            id="f", filters=1, kernel=3, stride=2, pad=1, extra=extra, inputs=("x",)
        )
        assert up.infer(small).shape == (1, size, size)
    with pytest.raises(ValidationError, match="Set extra to 1 or less"):
        ConvTranspose2d(id="f", filters=1, kernel=3, stride=2, extra=2, inputs=("x",))


def test_nearest_repeats_and_bilinear_mixes() -> None:
    x = [[[[0, 1], [2, 3]]]]
    nearest = [[0, 0, 1, 1], [0, 0, 1, 1], [2, 2, 3, 3], [2, 2, 3, 3]]
    assert run("upsample2d", x)[0, 0].tolist() == nearest
    bilinear = run("upsample2d", x, mode="bilinear")[0, 0]
    assert bilinear[0].tolist() == [0, 0.25, 0.75, 1]
    assert bilinear[:, 0].tolist() == [0, 0.5, 1.5, 2]


def test_padding_modes() -> None:
    x = [[[[1, 2, 3]]]]
    sides = (0, 2, 0, 1)
    assert run("pad2d", x, pad=sides, value=9.0)[0, 0, 0].tolist() == [9, 1, 2, 3, 9, 9]
    assert run("pad2d", x, pad=sides, mode="edge")[0, 0, 0].tolist() == [1, 1, 2, 3, 3, 3]
    assert run("pad2d", x, pad=sides, mode="reflect")[0, 0, 0].tolist() == [2, 1, 2, 3, 2, 1]


def test_a_crop_takes_a_pad_away() -> None:
    x = np.random.default_rng(0).standard_normal((2, 3, 4, 5))
    sides = (1, 2, 3, 0)
    np.testing.assert_array_equal(run("crop2d", run("pad2d", x, pad=sides), crop=sides), x)


def test_slices_count_from_either_end() -> None:
    x = np.arange(12.0).reshape(1, 4, 3)
    assert run("slice", x, start=-1)[0].tolist() == [[9, 10, 11]]
    assert run("slice", x, axis=1, start=1, stop=-1)[0].tolist() == [[1], [4], [7], [10]]
    assert run("slice", x, step=3)[0].tolist() == [[0, 1, 2], [9, 10, 11]]


def test_reductions() -> None:
    x = np.arange(24.0).reshape(1, 2, 3, 4)
    assert run("reduce_sum", x).tolist() == [276]
    assert run("reduce_mean", x, axes=(1, 2)).tolist() == [[5.5, 17.5]]
    assert run("reduce_max", x, axes=(0, 2)).tolist() == [[15, 19, 23]]
    assert run("reduce_max", x, axes=(0,), keep=True).shape == (1, 1, 3, 4)


def test_of_equal_values_the_first_has_the_gradient_of_a_maximum() -> None:
    layer = make("reduce_max")
    forward = layer.forward((np.ones((1, 2, 2)),), {}, Mode())
    (dx,), _ = layer.backward(np.array([5.0]), forward.saved, {})
    assert dx is not None
    assert dx.tolist() == [[[5, 0], [0, 0]]]


def test_permute_transposes() -> None:
    x = np.arange(6.0).reshape(1, 2, 3)
    np.testing.assert_array_equal(run("permute", x, axes=(1, 0))[0], x[0].T)
    with pytest.raises(ValidationError, match="every axis from 0 to 1 must stand here once"):
        make("permute", axes=(0, 0))


def test_a_word_that_comes_twice_has_both_gradients() -> None:
    layer = Embedding(id="f", units=2, inputs=("x",))
    params = {"weight": np.arange(6.0).reshape(3, 2)}
    forward = layer.forward((np.array([[2, 0, 2]]),), params, Mode())
    assert forward.y[0].tolist() == [[4, 5], [0, 1], [4, 5]]
    dy = np.array([[[1.0, 2], [3, 4], [10, 20]]])
    dxs, dparams = layer.backward(dy, forward.saved, params)
    assert dxs == (None,)
    assert dparams["weight"].tolist() == [[3, 4], [0, 0], [11, 22]]


@pytest.mark.parametrize(
    ("kind", "fields", "shapes", "code"),
    [
        (
            "conv_transpose2d",
            {"filters": 1, "kernel": 1, "pad": 2},
            [(1, 4, 4)],
            "window-too-large",
        ),
        ("crop2d", {"crop": 2}, [(1, 4, 4)], "out-of-range"),
        ("slice", {"start": 3, "stop": 2}, [(4,)], "out-of-range"),
        ("slice", {"stop": 5}, [(4,)], "out-of-range"),
        ("slice", {"axis": 1}, [(4,)], "axis"),
        ("reduce_sum", {"axes": (0, 2)}, [(4, 3)], "axis"),
        ("permute", {"axes": (1, 0)}, [(4,)], "rank"),
        ("matmul", {}, [(2, 3), (4, 2)], "shapes-differ"),
        ("matmul", {}, [(3,), (3, 2)], "rank"),
        ("embedding", {"units": 2}, [(3,)], "label-expected"),
    ],
)
def test_inputs_that_do_not_fit_are_explained(
    kind: str, fields: dict[str, Any], shapes: list[tuple[int, ...]], code: str
) -> None:
    with pytest.raises(ShapeError) as caught:
        make(kind, **fields).infer(*map(TensorSpec, shapes))
    assert caught.value.code == code
