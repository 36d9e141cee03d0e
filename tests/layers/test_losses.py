"""The hinge and the squared error on the notes' numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from graphspec.errors import ShapeError
from graphspec.layers.base import Array, Layer, Mode
from graphspec.layers.hinge_loss import HingeLoss
from graphspec.layers.l1_loss import L1Loss
from graphspec.layers.l2_loss import L2Loss
from graphspec.tensor import TensorSpec


def hinge(**fields: Any) -> HingeLoss:
    return HingeLoss(id="loss", inputs=("scores", "label"), **fields)


def loss_and_gradient(layer: Layer, first: Any, second: Any) -> tuple[Array, Array]:
    xs = (np.asarray(first, float), np.asarray(second))
    forward = layer.forward(xs, {}, Mode())
    dxs, _ = layer.backward(np.ones(len(xs[0])), forward.saved, {})
    assert dxs[0] is not None
    return forward.y, dxs[0]


def test_B04_I01_the_notes_example_with_a_margin_of_ten() -> None:
    loss, dscores = loss_and_gradient(hinge(margin=10.0), [[13, -7, 11]], [0])
    assert loss.tolist() == [8]
    assert dscores.tolist() == [[-1, 0, 1]]


def test_I01_squared_terms() -> None:
    loss, dscores = loss_and_gradient(hinge(margin=10.0, squared=True), [[13, -7, 11]], [0])
    assert loss.tolist() == [64]
    assert dscores.tolist() == [[-16, 0, 16]]


def test_B08_the_hinge_of_the_softmax_example() -> None:
    loss, _ = loss_and_gradient(hinge(), [[-2.85, 0.86, 0.28]], [2])
    assert loss[0] == pytest.approx(1.58, abs=1e-12)


def test_B12_the_hinge_is_content_once_the_margin_is_kept() -> None:
    scores = [[10, -2, 3], [10, -100, -100], [10, 9, 9]]
    loss, dscores = loss_and_gradient(hinge(), scores, [0, 0, 0])
    assert not loss.any()
    assert not dscores.any()


def test_B06_ten_times_the_margin_is_ten_times_the_scores() -> None:
    scores, label = np.random.default_rng(0).standard_normal((6, 4)), [0, 1, 2, 3, 0, 1]
    one, _ = loss_and_gradient(hinge(), scores, label)
    ten, _ = loss_and_gradient(hinge(margin=10.0), 10 * scores, label)
    np.testing.assert_allclose(ten, 10 * one, rtol=1e-12)


def test_K01_the_hinge_at_chance_is_the_classes_less_one() -> None:
    assert loss_and_gradient(hinge(), np.zeros((2, 10)), [3, 7])[0].tolist() == [9, 9]


def test_I06_squared_l2_has_no_half() -> None:
    layer = L2Loss(id="loss", inputs=("f", "y"))
    loss, dprediction = loss_and_gradient(layer, [[3.0, -4.0]], [[0.0, 0.0]])
    assert loss.tolist() == [25]
    assert dprediction.tolist() == [[6, -8]]


def test_I06_l1_has_the_signs_as_gradient() -> None:
    layer = L1Loss(id="loss", inputs=("f", "y"))
    loss, dprediction = loss_and_gradient(layer, [[3.0, -4.0, 1.0]], [[0.0, 0.0, 1.0]])
    assert loss.tolist() == [7]
    assert dprediction.tolist() == [[1, -1, 0]]


def test_I01_one_against_all_is_a_binary_svm_per_class() -> None:
    loss, dscores = loss_and_gradient(hinge(one_vs_all=True), [[0.5, -3.0, 0.25]], [0])
    assert loss.tolist() == [0.5 + 0 + 1.25]
    assert dscores.tolist() == [[-1, 0, 1]]


def test_the_target_of_l2_has_the_shape_of_the_prediction() -> None:
    with pytest.raises(ShapeError) as caught:
        L2Loss(id="loss", inputs=("f", "y")).infer(TensorSpec((3,)), TensorSpec((4,)))
    assert (caught.value.code, caught.value.arithmetic) == ("shapes-differ", "3 ≠ 4")
