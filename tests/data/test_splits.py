"""Splits and folds: exact sizes, disjoint, together everything, the same for the same seed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from graphspec.data import folds, split
from graphspec.data.splits import balanced, some
from graphspec.errors import DataError

seeds = st.none() | st.integers(0, 2**32)


@given(st.integers(3, 300), st.data(), seeds, st.booleans())
def test_parts_are_exact_disjoint_and_whole(
    n: int, data: st.DataObject, seed: int | None, stratified: bool
) -> None:
    validation = data.draw(st.integers(0, n - 1))
    test = data.draw(st.integers(0, n - 1 - validation))
    labels = np.arange(n) ** 2 % 7 if stratified else None
    parts = split(n, validation=validation, test=test, seed=seed, labels=labels)
    assert (len(parts.validation), len(parts.test)) == (validation, test)
    together = np.concatenate([parts.train, parts.validation, parts.test])
    assert together.dtype == np.int64
    np.testing.assert_array_equal(np.sort(together), np.arange(n))
    again = split(n, validation=validation, test=test, seed=seed, labels=labels)
    np.testing.assert_array_equal(parts.train, again.train)


@given(st.integers(2, 500), st.floats(0.01, 0.9))
def test_fractions_round_to_the_nearest(n: int, fraction: float) -> None:
    size = int(np.floor(n * fraction + 0.5))
    assume(size < n)
    assert len(split(n, validation=fraction).validation) == size


def test_without_a_seed_the_order_is_kept() -> None:
    parts = split(10, validation=3, test=2, seed=None)
    assert parts.train.tolist() == [0, 1, 2, 3, 4]
    assert parts.validation.tolist() == [5, 6, 7]
    assert parts.test.tolist() == [8, 9]


def test_seeds_differ_and_their_draw_is_pinned() -> None:
    assert split(10, validation=3, seed=0).train.tolist() == [4, 6, 2, 7, 3, 5, 9]
    assert split(10, validation=3, seed=1).train.tolist() != [4, 6, 2, 7, 3, 5, 9]


def test_stratified_parts_keep_the_proportions() -> None:
    labels = np.repeat([0, 1, 2], [60, 30, 10])
    parts = split(100, validation=20, test=0.1, seed=3, labels=labels)
    assert np.bincount(labels[parts.validation]).tolist() == [12, 6, 2]
    assert np.bincount(labels[parts.test]).tolist() == [6, 3, 1]
    # 7 of 100: 4.2, 2.1, 0.7 → 4, 2, 1 by largest remainder.
    small = split(100, validation=7, seed=3, labels=labels)
    assert np.bincount(labels[small.validation]).tolist() == [4, 2, 1]


@pytest.mark.parametrize("part", [-1, -0.5, 1.5, float("nan"), float("inf"), 10, 0.99])
def test_impossible_parts_are_refused(part: float) -> None:
    with pytest.raises(DataError):
        split(10, validation=part)


def test_labels_must_match() -> None:
    with pytest.raises(DataError, match="3 labels were given for 10"):
        split(10, validation=2, labels=np.zeros(3))


@given(st.integers(2, 100), st.data(), seeds, st.booleans())
def test_folds_hold_out_everything_once(
    n: int, data: st.DataObject, seed: int | None, stratified: bool
) -> None:
    k = data.draw(st.integers(2, n))
    labels = np.arange(n) % 3 if stratified else None
    pairs = folds(n, k, seed=seed, labels=labels)
    held = [held for _, held in pairs]
    assert max(map(len, held)) - min(map(len, held)) <= 1
    np.testing.assert_array_equal(np.sort(np.concatenate(held)), np.arange(n))
    for train, out in pairs:
        np.testing.assert_array_equal(np.sort(np.concatenate([train, out])), np.arange(n))


def test_folds_are_contiguous_without_a_seed() -> None:
    assert [held.tolist() for _, held in folds(5, 2)] == [[0, 1, 2], [3, 4]]
    with pytest.raises(DataError, match="use 2 to 5"):
        folds(5, 6)


def test_some_examples_are_the_first_ones_so_that_larger_parts_hold_smaller_ones() -> None:
    order = np.array([7, 3, 9, 1, 0, 4])
    assert some(order, 2).tolist() == [7, 3]
    assert some(order, 0.5).tolist() == [7, 3, 9]
    assert some(order, 6).tolist() == order.tolist()
    for part in (7, 0.01):
        with pytest.raises(DataError, match="use 1 to 6"):
            some(order, part)


def test_some_examples_of_every_class_in_proportion() -> None:
    labels = np.repeat([0, 1, 2], [60, 30, 10])
    chosen = some(np.arange(100), 20, labels)
    assert np.bincount(labels[chosen]).tolist() == [12, 6, 2]
    assert (np.diff(chosen) > 0).all()


def test_classes_are_balanced_by_dropping_or_by_repeating() -> None:
    indices = np.array([5, 6, 7, 8, 9, 10])
    labels = np.array([0, 1, 0, 0, 0, 1])
    assert balanced(indices, labels, "drop").tolist() == [5, 6, 7, 10]
    assert balanced(indices, labels, "repeat").tolist() == [5, 6, 6, 7, 8, 9, 10, 10]
