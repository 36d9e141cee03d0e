"""Every example once an epoch, and a position that is taken up again exactly."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphspec.data import Batch, Loader, LoaderState
from graphspec.errors import DataError


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


def make(n: int, batch: int, *, seed: int = 0, **options: Any) -> Loader:
    x = np.arange(n * 2, dtype=np.uint8).reshape(n, 2)
    return Loader(x, np.arange(n), batch, rng=generator(seed), **options)


def noisy(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    return x + rng.standard_normal(x.shape).astype(x.dtype), y


def same(a: Batch, b: Batch) -> None:
    np.testing.assert_array_equal(a.indices, b.indices)
    np.testing.assert_array_equal(a.x, b.x)
    np.testing.assert_array_equal(a.y, b.y)
    assert (a.epoch, a.last) == (b.epoch, b.last)


@given(st.integers(1, 60), st.data(), st.booleans(), st.booleans())
def test_every_example_once_an_epoch(
    n: int, data: st.DataObject, shuffle: bool, drop_last: bool
) -> None:
    batch = data.draw(st.integers(1, n))
    loader = make(n, batch, shuffle=shuffle, drop_last=drop_last)
    orders = []
    for epoch in range(3):
        assert loader.epoch == epoch
        batches = list(loader.rest_of_epoch())
        assert len(batches) == len(loader)
        assert {b.epoch for b in batches} == {epoch}
        assert [b.last for b in batches] == [False] * (len(batches) - 1) + [True]
        assert all(len(b.x) == batch for b in batches[:-1])
        seen = np.concatenate([b.indices for b in batches])
        assert len(seen) == (n - n % batch if drop_last else n)
        assert len(set(seen.tolist())) == len(seen)
        for b in batches:
            np.testing.assert_array_equal(b.y, b.indices)
            np.testing.assert_array_equal(b.x, loader.x[b.indices])
        orders.append(seen.tolist())
    assert shuffle or orders[0] == list(range(len(orders[0])))


def test_epochs_are_shuffled_differently() -> None:
    loader = make(50, 50)
    first, second = (next(iter(loader.rest_of_epoch())).indices.tolist() for _ in range(2))
    assert first != second != list(range(50))


@given(st.integers(1, 30), st.data(), st.booleans(), st.booleans(), st.integers(0, 20))
def test_a_restored_loader_goes_on_bit_for_bit(
    n: int, data: st.DataObject, shuffle: bool, drop_last: bool, steps: int
) -> None:
    batch = data.draw(st.integers(1, n))
    options = {"shuffle": shuffle, "drop_last": drop_last, "transform": noisy}
    loader = make(n, batch, **options)
    for _ in range(steps):
        loader.next_batch()
    state = loader.state()
    stored = json.loads(json.dumps(state.generator))
    follow = [loader.next_batch() for _ in range(12)]
    other = make(n, batch, seed=99, **options)
    other.next_batch()
    other.restore(LoaderState(state.epoch, state.cursor, state.order.copy(), stored))
    assert other.epoch == follow[0].epoch
    for batch_then in follow:
        same(batch_then, other.next_batch())
    # A saved state is a copy: going on does not change it.
    other.restore(state)
    same(follow[0], other.next_batch())


def test_batches_are_contiguous_and_of_the_asked_type() -> None:
    x = np.zeros((8, 3, 4, 5), np.float64).transpose(0, 2, 3, 1)
    y = np.zeros((8, 2), np.float64)
    for dtype in (np.float32, np.float64):
        batch = Loader(x, y, 3, rng=generator(), dtype=dtype).next_batch()
        assert batch.x.dtype == batch.y.dtype == dtype
        assert batch.x.flags.c_contiguous
        assert batch.y.flags.c_contiguous
    labels = Loader(x, np.arange(8), 3, rng=generator()).next_batch()
    assert labels.y.dtype == np.int64
    mirror = Loader(x, y, 3, rng=generator(), transform=lambda x, y, rng: (x[:, ::-1], y[:, ::-1]))
    turned = mirror.next_batch()
    assert turned.x.flags.c_contiguous
    assert turned.y.flags.c_contiguous


def test_batches_are_copies() -> None:
    loader = make(4, 4, shuffle=False, dtype=np.uint8)
    loader.next_batch().x[:] = 0
    assert loader.x.sum() == 28


@pytest.mark.parametrize(
    "change",
    [
        {"order": np.arange(4)},
        {"order": np.array([0, 0, 1, 2, 3])},
        {"order": np.arange(5.0)},
        {"cursor": 6},
        {"cursor": -1},
        {"epoch": -2},
        {"generator": {}},
        {"generator": {"bit_generator": "MT19937"}},
    ],
)
def test_a_state_of_other_data_is_refused_and_changes_nothing(change: dict[str, Any]) -> None:
    loader, twin = make(5, 2), make(5, 2)
    with pytest.raises(DataError):
        loader.restore(replace(loader.state(), **change))
    same(loader.next_batch(), twin.next_batch())


def test_impossible_batches_are_refused() -> None:
    with pytest.raises(DataError, match="batches of 0"):
        make(5, 0)
    with pytest.raises(DataError, match="from 1 to 5"):
        make(5, 6, drop_last=True)
    assert len(make(5, 6).next_batch().x) == 5
    with pytest.raises(DataError, match="one y for each"):
        Loader(np.zeros((2, 1)), np.zeros(3), 1, rng=generator())
