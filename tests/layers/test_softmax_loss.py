"""The cross-entropy loss on the notes' scores."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from graphspec.errors import ShapeError
from graphspec.layers.base import Array, Mode
from graphspec.layers.cross_entropy_loss import CrossEntropyLoss
from graphspec.layers.softmax_loss import SoftmaxLoss
from graphspec.tensor import TensorSpec

LOSS = SoftmaxLoss(id="loss", inputs=("scores", "label"))


def losses(scores: object, label: list[int]) -> Array:
    return LOSS.forward((np.array(scores, float), np.array(label)), {}, Mode()).y


def test_B08_I02_the_notes_scores() -> None:
    assert losses([[-2.85, 0.86, 0.28]], [2])[0] == pytest.approx(1.0401905694, abs=1e-10)


def test_B08_both_algebraic_forms_agree() -> None:
    scores = np.random.default_rng(0).standard_normal((6, 4))
    label = [0, 1, 2, 3, 0, 1]
    true = scores[np.arange(6), label]
    product = -np.log(np.exp(true) / np.exp(scores).sum(axis=1))
    np.testing.assert_allclose(losses(scores, label), product, rtol=1e-12)
    np.testing.assert_allclose(
        losses(scores, label), -true + np.log(np.exp(scores).sum(axis=1)), rtol=1e-12
    )


def test_B11_large_scores_do_not_overflow() -> None:
    assert losses([[123, 456, 789]], [0])[0] == 666
    assert losses([[-1e300, 1e300]], [1])[0] == 0


def test_B12_a_larger_margin_still_lowers_the_loss() -> None:
    first, second, last = losses([[10, -2, 3], [10, -100, -100], [10, 9, 9]], [0, 0, 0])
    assert last == pytest.approx(0.5514447, abs=1e-7)
    assert second < first < last


@pytest.mark.parametrize("classes", [2, 3, 10])
def test_K01_at_chance_the_loss_is_the_logarithm_of_the_classes(classes: int) -> None:
    assert losses([[0.0] * classes], [1])[0] == pytest.approx(math.log(classes), abs=1e-12)


def test_the_gradient_is_the_probabilities_less_one_at_the_label() -> None:
    scores, label = np.array([[1.0, -2.0, 0.0]]), np.array([2])
    forward = LOSS.forward((scores, label), {}, Mode())
    (dscores, dlabel), _ = LOSS.backward(np.ones(1), forward.saved, {})
    np.testing.assert_allclose(dscores, [[0.70538, 0.03512, 0.25950 - 1]], atol=1e-5)
    assert dlabel is None


@pytest.mark.parametrize(
    ("inputs", "code", "port"),
    [
        ((TensorSpec((3,)), TensorSpec((3,))), "label-expected", "label"),
        ((TensorSpec((4,)), TensorSpec((), "int", 3)), "scores-per-class", "scores"),
    ],
)
def test_inputs_that_do_not_fit_are_explained(
    inputs: tuple[TensorSpec, ...], code: str, port: str
) -> None:
    with pytest.raises(ShapeError) as caught:
        LOSS.infer(*inputs)
    assert (caught.value.code, caught.value.port) == (code, port)


def test_label_smoothing_mixes_the_target_with_the_uniform_distribution() -> None:
    scores = np.array([[1.0, -2.0, 0.5]])
    smooth = SoftmaxLoss(id="loss", smoothing=0.3, inputs=("scores", "label"))
    mixed = 0.7 * losses(scores, [0]) + 0.1 * sum(losses(scores, [k]) for k in range(3))
    smoothed = smooth.forward((scores, np.array([0])), {}, Mode()).y
    np.testing.assert_allclose(smoothed, mixed, rtol=1e-12)


def test_class_weights_multiply_the_loss_of_their_class() -> None:
    scores, label = np.random.default_rng(0).standard_normal((3, 3)), [0, 1, 2]
    weighted = SoftmaxLoss(id="loss", class_weights=(2, 0, 0.5), inputs=("scores", "label"))
    y = weighted.forward((scores, np.array(label)), {}, Mode()).y
    np.testing.assert_allclose(y, losses(scores, label) * [2, 0, 0.5], rtol=1e-12)


def test_one_weight_per_class_is_asked_for() -> None:
    layer = SoftmaxLoss(id="loss", class_weights=(1, 2), inputs=("scores", "label"))
    with pytest.raises(ShapeError, match="one weight per class: expected 3, got 2"):
        layer.infer(TensorSpec((3,)), TensorSpec((), "int", 3))


SOFT = CrossEntropyLoss(id="loss", inputs=("scores", "target"))


def soft(scores: Array, target: Array) -> Array:
    return SOFT.forward((scores, target), {}, Mode()).y


def test_B09_a_target_of_one_is_the_softmax_loss() -> None:
    scores, label = np.random.default_rng(0).standard_normal((4, 5)), [3, 0, 4, 2]
    np.testing.assert_allclose(soft(scores, np.eye(5)[label]), losses(scores, label), rtol=1e-12)


def test_B09_cross_entropy_is_entropy_plus_divergence() -> None:
    rng = np.random.default_rng(0)
    p, q = rng.dirichlet(np.ones(6), 50), rng.dirichlet(np.ones(6), 50)
    entropy = -(p * np.log(p)).sum(axis=1)
    divergence = (p * np.log(p / q)).sum(axis=1)
    # Scores are log-probabilities up to a constant, so that log q gives q back.
    np.testing.assert_allclose(soft(np.log(q) + 3, p), entropy + divergence, rtol=1e-12)
    np.testing.assert_allclose(soft(np.log(p), p), entropy, rtol=1e-12)
    assert (soft(np.log(q), p) - entropy >= 0).all()


def test_B11_soft_targets_do_not_overflow() -> None:
    target = np.array([[0.5, 0.25, 0.25]])
    loss = soft(np.array([[123.0, 456.0, 789.0]]), target)
    assert loss[0] == pytest.approx(0.5 * 666 + 0.25 * 333, rel=1e-15)


@pytest.mark.parametrize("fields", [{}, {"smoothing": 0.2, "class_weights": (0.5, 1.0, 3.0)}])
def test_class_probabilities_blend_the_losses_of_the_classes(fields: dict[str, Any]) -> None:
    layer = SoftmaxLoss(id="loss", inputs=("scores", "label"), **fields)
    scores, shares = np.array([[1.0, -2.0, 0.5]]), np.array([0.7, 0.3, 0.0])
    dy = np.ones(1)

    def passed(label: Array) -> tuple[float, Array]:
        forward = layer.forward((scores, label), {}, Mode())
        (dscores, dlabel), _ = layer.backward(dy, forward.saved, {})
        assert dlabel is None
        assert dscores is not None
        return float(forward.y[0]), dscores[0]

    loss, dscores = passed(shares[None])
    whole = [passed(np.array([k])) for k in range(3)]
    assert loss == pytest.approx(sum(shares[k] * whole[k][0] for k in range(3)), rel=1e-12)
    expected = sum(shares[k] * whole[k][1] for k in range(3))
    np.testing.assert_allclose(dscores, expected, rtol=1e-12, atol=1e-15)
