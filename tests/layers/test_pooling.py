"""Pooling: sizes, switches, and what padding counts for."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from graphspec.errors import ShapeError
from graphspec.layers.avg_pool2d import AvgPool2d
from graphspec.layers.base import Mode
from graphspec.layers.global_avg_pool2d import GlobalAvgPool2d
from graphspec.layers.max_pool2d import MaxPool2d
from graphspec.layers.pooling import Pooling
from graphspec.tensor import TensorSpec
from tests.layers.sampling import samples


def test_Q06_two_by_two_halves_the_image_and_discards_three_quarters() -> None:
    layer, image = MaxPool2d(id="pool", kernel=2, inputs=("x",)), TensorSpec((64, 224, 224))
    assert layer.infer(image) == TensorSpec((64, 112, 112))
    assert layer.infer(image).size == 0.25 * image.size
    assert not layer.params(image)


def test_Q06_overlapping_pooling_of_alexnet() -> None:
    layer = MaxPool2d(id="pool", kernel=3, stride=2, inputs=("x",))
    assert layer.infer(TensorSpec((96, 55, 55))).shape == (96, 27, 27)
    with pytest.raises(ShapeError, match="not whole"):
        layer.infer(TensorSpec((96, 54, 54)))


def test_Q06_the_notes_picture() -> None:
    x = np.array([[1, 1, 2, 4], [5, 6, 7, 8], [3, 2, 1, 0], [1, 2, 3, 4]], float)[None, None]
    y = MaxPool2d(id="pool", kernel=2, inputs=("x",)).forward((x,), {}, Mode()).y
    assert y.tolist() == [[[[6, 8], [3, 4]]]]
    y = AvgPool2d(id="pool", kernel=2, inputs=("x",)).forward((x,), {}, Mode()).y
    assert y.tolist() == [[[[13 / 4, 21 / 4], [2, 2]]]]


def test_Q08_only_the_largest_receives_gradient_and_overlaps_add() -> None:
    x = np.array([[0, 1, 0], [2, 9, 3], [0, 4, 0]], float)[None, None]
    layer = MaxPool2d(id="pool", kernel=2, stride=1, inputs=("x",))
    forward = layer.forward((x,), {}, Mode())
    dy = np.array([[1.0, 2.0], [3.0, 4.0]])[None, None]
    (dx,), _ = layer.backward(dy, forward.saved, {})
    expected = np.zeros((3, 3))
    expected[1, 1] = 10
    np.testing.assert_array_equal(dx[0, 0], expected)


def test_Q08_of_equal_values_the_first_receives_it_all() -> None:
    layer = MaxPool2d(id="pool", kernel=2, inputs=("x",))
    forward = layer.forward((np.ones((1, 1, 2, 2)),), {}, Mode())
    (dx,), _ = layer.backward(np.full((1, 1, 1, 1), 5.0), forward.saved, {})
    assert dx.tolist() == [[[[5, 0], [0, 0]]]]


def test_padding_never_wins_a_maximum() -> None:
    layer = MaxPool2d(id="pool", kernel=3, stride=1, pad=1, inputs=("x",))
    y = layer.forward((np.full((1, 1, 3, 3), -7.0),), {}, Mode()).y
    assert (y == -7).all()


def test_windows_of_more_than_256_places_keep_their_switches() -> None:
    x = np.zeros((1, 1, 20, 20))
    x[0, 0, 19, 18] = 1
    layer = MaxPool2d(id="pool", kernel=20, inputs=("x",))
    forward = layer.forward((x,), {}, Mode())
    (dx,), _ = layer.backward(np.ones((1, 1, 1, 1)), forward.saved, {})
    np.testing.assert_array_equal(dx, x)


@pytest.mark.parametrize(("include", "corner"), [(True, 4 / 9), (False, 1.0)])
def test_Q07_padding_counts_in_an_average_or_not(include: bool, corner: float) -> None:
    layer = AvgPool2d(id="pool", kernel=3, stride=1, pad=1, include_pad=include, inputs=("x",))
    y = layer.forward((np.ones((1, 1, 3, 3)),), {}, Mode()).y
    assert y[0, 0, 0, 0] == pytest.approx(corner)
    assert y[0, 0, 1, 1] == 1


def test_global_average() -> None:
    x = np.arange(12.0).reshape(1, 2, 2, 3)
    layer = GlobalAvgPool2d(id="pool", inputs=("x",))
    assert layer.infer(TensorSpec((2, 2, 3))).shape == (2,)
    assert layer.forward((x,), {}, Mode()).y.tolist() == [[2.5, 8.5]]


@pytest.mark.parametrize("kind", [MaxPool2d, AvgPool2d])
def test_a_pad_as_large_as_the_kernel_is_refused(kind: type[Pooling]) -> None:
    with pytest.raises(ValidationError, match="Set pad to 1 or less"):
        kind(id="pool", kernel=2, pad=2, inputs=("x",))


@pytest.mark.parametrize("kind", [MaxPool2d, AvgPool2d])
def test_the_samples_reach_every_field(kind: type[Pooling]) -> None:
    layers = [layer for layer, _ in samples(kind) if isinstance(layer, Pooling)]
    assert {layer.rounding for layer in layers} == {"exact", "floor", "ceil"}
    assert {type(layer.pad) for layer in layers} == {int, str, tuple}
    assert {type(layer.stride) for layer in layers} == {int, tuple, type(None)}
    hanging = 0
    for layer, (x,) in samples(kind):
        assert isinstance(layer, Pooling)
        if layer.rounding == "ceil" and layer.pad != "same":
            floored = type(layer)(**{**layer.model_dump(), "rounding": "floor"})
            hanging += floored.infer(x) != layer.infer(x)
    assert hanging >= 2
