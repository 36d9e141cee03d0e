"""Layers that merge, and those that only change the shape."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from graphspec.errors import ShapeError
from graphspec.layers.add import Add
from graphspec.layers.base import Layer, Mode
from graphspec.layers.concat import Concat
from graphspec.layers.flatten import Flatten
from graphspec.layers.multiply import Multiply
from graphspec.layers.reshape import Reshape
from graphspec.tensor import TensorSpec


def test_D07_the_same_input_twice_counts_twice() -> None:
    x = np.array([[3.0, -4.0]])
    layer = Add(id="add", inputs=("x", "x"))
    forward = layer.forward((x, x), {}, Mode())
    np.testing.assert_array_equal(forward.y, 2 * x)
    dxs, _ = layer.backward(np.ones_like(x), forward.saved, {})
    assert sum(dx for dx in dxs if dx is not None).tolist() == [[2, 2]]


def test_D02_multiplication_swaps_its_inputs() -> None:
    layer = Multiply(id="gate", inputs=("x", "y"))
    forward = layer.forward((np.array([[4.0]]), np.array([[-3.0]])), {}, Mode())
    dxs, _ = layer.backward(np.ones((1, 1)), forward.saved, {})
    assert forward.y.tolist() == [[-12]]
    assert [float(dx[0, 0]) for dx in dxs if dx is not None] == [-3, 4]


def test_the_gradient_of_a_product_with_zero_is_not_a_quotient() -> None:
    layer = Multiply(id="gate", inputs=("a", "b", "c"))
    xs = tuple(np.array([[value]]) for value in (0.0, 2.0, 5.0))
    dxs, _ = layer.backward(np.ones((1, 1)), layer.forward(xs, {}, Mode()).saved, {})
    assert [float(dx[0, 0]) for dx in dxs if dx is not None] == [10, 0, 0]


@pytest.mark.parametrize("kind", [Add, Multiply])
def test_shapes_that_differ_are_not_broadcast(kind: type[Layer]) -> None:
    with pytest.raises(ShapeError) as caught:
        kind(id="m", inputs=("a", "b")).infer(TensorSpec((2, 3)), TensorSpec((2, 1)))
    assert (caught.value.code, caught.value.arithmetic) == ("shapes-differ", "2×3 ≠ 2×1")


def test_concat_adds_channels_and_refuses_images_of_other_sizes() -> None:
    layer = Concat(id="cat", inputs=("a", "b"))
    assert layer.infer(TensorSpec((2, 4, 4)), TensorSpec((3, 4, 4))).shape == (5, 4, 4)
    for other, code in (((3, 4, 5), "concat-extent"), ((3, 4), "rank"), ((), "rank")):
        with pytest.raises(ShapeError) as caught:
            layer.infer(TensorSpec((2, 4, 4)), TensorSpec(other))
        assert caught.value.code == code


def test_Q09_flatten_keeps_row_major_order() -> None:
    x = np.arange(24.0).reshape(1, 2, 3, 4)
    layer = Flatten(id="flat", inputs=("x",))
    assert layer.infer(TensorSpec((20, 4, 4))).shape == (320,)
    assert layer.forward((x,), {}, Mode()).y[0].tolist() == list(range(24))


def test_reshape_fills_one_open_extent_and_explains_what_does_not_fit() -> None:
    def reshape(*shape: int) -> Reshape:
        return Reshape(id="r", shape=shape, inputs=("x",))

    assert reshape(2, -1).infer(TensorSpec((3, 4))).shape == (2, 6)
    for shape in ((5, -1), (2, 5)):
        with pytest.raises(ShapeError) as caught:
            reshape(*shape).infer(TensorSpec((3, 4)))
        assert "12" in str(caught.value.arithmetic)
    for shape in ((-1, -1), (0, 3), (-2,), ()):
        with pytest.raises(ValidationError):
            reshape(*shape)
