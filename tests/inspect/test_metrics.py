"""Metrics against scikit-learn, and on cases that can be counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from graphspec.inspect.metrics import (
    accuracy,
    attribute_figures,
    calibration,
    class_figures,
    confusion_matrix,
    cross_entropy,
    top_k_accuracy,
)

RNG = np.random.default_rng(0)
PROBABILITIES = RNG.dirichlet(np.ones(5), 300)
LABELS = RNG.integers(0, 4, 300)  # of class 4 there is none
PREDICTIONS = PROBABILITIES.argmax(axis=1)


def test_agrees_with_scikit_learn() -> None:
    sklearn = pytest.importorskip("sklearn.metrics")
    classes = list(range(5))
    assert accuracy(PROBABILITIES, LABELS) == sklearn.accuracy_score(LABELS, PREDICTIONS)
    for k in (1, 2, 3):
        expected = sklearn.top_k_accuracy_score(LABELS, PROBABILITIES, k=k, labels=classes)
        assert top_k_accuracy(PROBABILITIES, LABELS, k) == pytest.approx(expected, rel=1e-15)
    confusion = confusion_matrix(LABELS, PREDICTIONS, 5)
    np.testing.assert_array_equal(
        confusion, sklearn.confusion_matrix(LABELS, PREDICTIONS, labels=classes)
    )
    expected = sklearn.precision_recall_fscore_support(
        LABELS, PREDICTIONS, labels=classes, zero_division=0
    )
    figures = class_figures(confusion, "abcde")
    ours = [(f.precision, f.recall, f.f1, f.support) for f in figures]
    np.testing.assert_allclose(np.array(ours).T, np.array(expected), rtol=1e-15)
    assert cross_entropy(PROBABILITIES, LABELS) == pytest.approx(
        sklearn.log_loss(LABELS, PROBABILITIES, labels=classes), rel=1e-12
    )


def test_attributes_agree_with_scikit_learn() -> None:
    sklearn = pytest.importorskip("sklearn.metrics")
    labels, answers = RNG.random((2, 50, 3)) < [0.5, 0.2, 0.0]
    expected = sklearn.precision_recall_fscore_support(labels, answers, zero_division=0)
    figures = attribute_figures(labels, answers, "abc")
    ours = [(f.precision, f.recall, f.f1, f.support) for f in figures]
    np.testing.assert_allclose(np.array(ours).T, np.array(expected), rtol=1e-15)
    shares = [sklearn.accuracy_score(labels[:, k], answers[:, k]) for k in range(3)]
    assert [f.accuracy for f in figures] == shares
    assert [f.name for f in figures] == ["a", "b", "c"]


def test_a_class_that_is_neither_predicted_nor_there_has_zeros() -> None:
    never_predicted, never_there = class_figures(np.array([[0, 2], [0, 0]]), ["a", "b"])
    assert (never_predicted.precision, never_predicted.recall, never_predicted.f1) == (0, 0, 0)
    assert (never_there.precision, never_there.recall, never_there.support) == (0, 0, 0)


def test_of_equal_probabilities_the_first_class_counts() -> None:
    even = np.full((2, 3), 1 / 3)
    assert accuracy(even, np.array([0, 1])) == 0.5
    assert top_k_accuracy(even, np.array([1, 2]), 2) == 0.5
    with pytest.raises(ValueError, match="at least 1"):
        top_k_accuracy(even, np.array([0, 1]), 0)


def test_calibration_by_hand() -> None:
    # Twice 0.9, once right; twice 0.6, both right.
    p = np.array([[0.9, 0.1], [0.1, 0.9], [0.6, 0.4], [0.4, 0.6]])
    found = calibration(p, np.array([0, 0, 0, 1]))
    assert found.error == pytest.approx(0.5 * abs(0.5 - 0.9) + 0.5 * abs(1 - 0.6), rel=1e-12)
    filled = [(round(b.low, 1), b.count, b.accuracy) for b in found.bins if b.count]
    assert filled == [(0.5, 2, 1.0), (0.8, 2, 0.5)]
    assert sum(b.count for b in found.bins) == 4
    assert found.bins[0].confidence is None


def test_one_who_says_what_happens_is_calibrated() -> None:
    n = 20_000
    p = np.random.default_rng(1).uniform(0.5, 1, n)
    labels = (np.random.default_rng(2).uniform(size=n) > p).astype(int)
    assert calibration(np.stack([p, 1 - p], axis=1), labels).error < 0.02
