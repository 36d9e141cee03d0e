"""Binary and attribute losses on the notes' numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from graphspec.errors import ShapeError
from graphspec.layers.attribute_hinge_loss import AttributeHingeLoss
from graphspec.layers.base import Layer
from graphspec.layers.binary_hinge_loss import BinaryHingeLoss
from graphspec.layers.logistic_loss import LogisticLoss
from graphspec.layers.scoring import YesOrNoLoss
from graphspec.tensor import TensorSpec
from tests.layers.test_losses import hinge, loss_and_gradient

NAMES = ("scores", "label")
LOGISTIC = LogisticLoss(id="loss", inputs=NAMES)
ATTRIBUTE_HINGE = AttributeHingeLoss(id="loss", inputs=NAMES)


def binary_hinge(c: float = 1.0) -> BinaryHingeLoss:
    return BinaryHingeLoss(id="loss", c=c, inputs=NAMES)


def test_B07_E03_the_binary_hinge_of_a_wrong_half() -> None:
    loss, dscore = loss_and_gradient(binary_hinge(2.0), [[0.5], [0.5], [-3.0]], [0, 1, 0])
    assert loss.tolist() == [3, 1, 0]
    assert dscore.tolist() == [[2], [-2], [0]]


def test_B07_E03_equals_the_hinge_of_two_classes_on_the_difference_of_scores() -> None:
    scores = np.random.default_rng(0).standard_normal((20, 2))
    label = np.arange(20) % 2
    two, _ = loss_and_gradient(hinge(), scores, label)
    one, _ = loss_and_gradient(binary_hinge(), scores[:, 1] - scores[:, 0], label)
    np.testing.assert_allclose(one, two, rtol=1e-12)


def test_E03_a_binary_svm_head_takes_one_unit() -> None:
    assert binary_hinge().infer(TensorSpec((1,)), TensorSpec((), "int", 2)) == TensorSpec(())


def test_E02_the_logistic_head_is_a_softmax_of_two() -> None:
    f = np.linspace(-5, 5, 11)
    p_1 = np.exp(-loss_and_gradient(LOGISTIC, f, np.ones(11, int))[0])
    p_0 = np.exp(-loss_and_gradient(LOGISTIC, f, np.zeros(11, int))[0])
    np.testing.assert_allclose(p_1 + p_0, 1, rtol=1e-12)
    np.testing.assert_array_equal(p_1 > 0.5, f > 0)


@pytest.mark.parametrize("layer", [LOGISTIC, ATTRIBUTE_HINGE, binary_hinge()])
def test_E02_E03_class_1_is_answered_where_its_score_is_above_zero(layer: YesOrNoLoss) -> None:
    f = np.array([-2.0, 0.0, 1e-9, 3.0])
    assert layer.answers(f, {}).tolist() == [0, 0, 1, 1]
    p = layer.probabilities(f, {})
    np.testing.assert_allclose(p[:, 1], 1 / (1 + np.exp(-f)), rtol=1e-15)
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-15)


def test_I04_a_hinge_per_attribute() -> None:
    loss, dscores = loss_and_gradient(ATTRIBUTE_HINGE, [[0.3, -2.0]], [[1, 0]])
    assert loss[0] == pytest.approx(0.7, abs=1e-15)
    assert dscores.tolist() == [[-1, 0]]


def test_I05_a_logistic_loss_per_attribute() -> None:
    loss, dscores = loss_and_gradient(LOGISTIC, [[2.0, -1.0]], [[1, 0]])
    assert loss[0] == pytest.approx(0.4401897, abs=5e-8)
    np.testing.assert_allclose(dscores, [[-0.1192029, 0.2689414]], atol=5e-8)


def test_the_logistic_loss_does_not_overflow() -> None:
    loss, dscores = loss_and_gradient(LOGISTIC, [[1e4], [-1e4]], [0, 0])
    assert loss.tolist() == [1e4, 0]
    assert dscores.tolist() == [[1], [0]]


@pytest.mark.parametrize(
    ("layer", "scores", "label", "code", "port"),
    [
        (LOGISTIC, (4,), TensorSpec((4,), "int", 3), "two-classes", "label"),
        (ATTRIBUTE_HINGE, (4,), TensorSpec((4,)), "two-classes", "label"),
        (LOGISTIC, (3,), TensorSpec((4,), "int", 2), "scores-per-label", "scores"),
        (LOGISTIC, (2,), TensorSpec((), "int", 2), "scores-per-label", "scores"),
        (binary_hinge(), (4,), TensorSpec((4,), "int", 2), "one-label-expected", "label"),
    ],
)
def test_inputs_that_do_not_fit_are_explained(
    layer: Layer, scores: tuple[int, ...], label: TensorSpec, code: str, port: str
) -> None:
    with pytest.raises(ShapeError) as caught:
        layer.infer(TensorSpec(scores), label)
    assert (caught.value.code, caught.value.port) == (code, port)


def test_K01_logistic_at_chance_is_ln_2_per_attribute() -> None:
    attributes = TensorSpec((7,)), TensorSpec((7,), "int", 2)
    assert LOGISTIC.chance_loss(*attributes) == pytest.approx(7 * math.log(2), rel=1e-15)


def test_targets_that_are_probabilities_blend_the_losses_of_yes_and_no() -> None:
    f, y = np.array([[2.0, -1.0]]), np.array([[0.25, 0.75]])
    _yes, dyes = loss_and_gradient(LOGISTIC, f, np.ones((1, 2), int))
    loss, df = loss_and_gradient(LOGISTIC, f, y)
    assert loss[0] == pytest.approx(
        0.25 * np.log1p(np.exp(-2))
        + 0.75 * np.log1p(np.exp(2))
        + (0.75 * np.log1p(np.exp(1)) + 0.25 * np.log1p(np.exp(-1)))
    )
    np.testing.assert_allclose(df, dyes + 1 - y, rtol=1e-12)
    # The same as class probabilities, as mixup feeds them.
    both, dboth = loss_and_gradient(LOGISTIC, f, np.stack([1 - y, y], axis=-1))
    assert both == pytest.approx(loss)
    np.testing.assert_allclose(dboth, df)
    assert LOGISTIC.infer(TensorSpec((2,)), TensorSpec((2,))) == TensorSpec(())
    with pytest.raises(ShapeError, match="shape"):
        LOGISTIC.infer(TensorSpec((2,)), TensorSpec((3,)))
