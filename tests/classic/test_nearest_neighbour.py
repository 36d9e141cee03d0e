from __future__ import annotations

import subprocess
import sys
import tracemalloc

import numpy as np
import pytest

from graphspec.classic import distances
from graphspec.classic.nearest_neighbour import NearestNeighbour, cross_validate
from graphspec.data import load_data, split
from graphspec.errors import DataError


def digits() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    data = load_data("digits")
    return data.x[:1000], data.y[:1000], data.x[1000:], data.y[1000:]


def brute_force(x: np.ndarray, q: np.ndarray, k: int, metric: str) -> np.ndarray:
    """By the definition, in float64, with Python's stable sort on (distance, index)."""
    rows = []
    for query in q.astype(float):
        gaps = [np.abs(example - query) for example in x.astype(float)]
        found = [gap.sum() if metric == "l1" else (gap**2).sum() for gap in gaps]
        rows.append(sorted(range(len(x)), key=lambda i, found=found: (found[i], i))[:k])
    return np.array(rows)


def distance(a: list[float], b: list[float], metric: str) -> float:
    model = NearestNeighbour(np.array([a], float), np.array([0]), metric=metric)
    return float(model.neighbours(np.array([b], float))[1][0, 0])


def test_A01_the_sum_of_differences():
    assert distance([1, 2, 3], [4, 0, 3], "l1") == 5


def test_A01_the_order_of_pixels_does_not_matter():
    x, y, q, _ = digits()
    order = np.random.default_rng(0).permutation(64)
    plain = NearestNeighbour(x, y, metric="l1").neighbours(q[:50], 3)
    mixed = NearestNeighbour(x.reshape(1000, 64)[:, order], y, metric="l1").neighbours(
        q[:50].reshape(50, 64)[:, order], 3
    )
    np.testing.assert_array_equal(plain, mixed)


def test_A02_the_root_of_squared_differences():
    assert distance([1, 2, 3], [4, 0, 3], "l2") == pytest.approx(3.605551, abs=5e-7)


def test_A02_the_root_changes_no_neighbour():
    x, y, q, _ = digits()
    with_root = NearestNeighbour(x, y).neighbours(q[:40], 5)[0]
    np.testing.assert_array_equal(
        with_root, brute_force(x.reshape(1000, -1), q[:40].reshape(40, -1), 5, "l2")
    )


@pytest.mark.parametrize(("metric", "k", "right"), [("l2", 1, 767), ("l2", 3, 769), ("l1", 1, 757)])
def test_A03_digits_of_the_last_797(metric, k, right):
    x, y, q, answers = digits()
    assert int((NearestNeighbour(x, y, metric=metric).predict(q, k) == answers).sum()) == right


def test_A03_of_classes_with_the_same_votes_the_lowest_is_taken():
    x = np.array([[-1.0], [1.0], [10.0]])
    model = NearestNeighbour(x, np.array([2, 1, 0]))
    assert model.predict(np.array([[-0.5]]), 2) == [1]
    assert model.predict(np.array([[-0.5]]), 3) == [0]


@pytest.mark.parametrize("metric", ["l1", "l2"])
@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
def test_A03_of_equal_distances_the_lowest_index_is_nearer(metric, dtype):
    """Few distinct values make many ties; the far offset makes a product of matrices round."""
    rng = np.random.default_rng(1)
    x = (rng.integers(0, 3, (300, 6)) + 250).astype(dtype)
    q = (rng.integers(0, 3, (20, 6)) + 250).astype(dtype)
    model = NearestNeighbour(x, np.zeros(300, int), metric=metric)
    np.testing.assert_array_equal(model.neighbours(q, 9)[0], brute_force(x, q, 9, metric))


def test_A04_it_stores_the_examples_and_learns_nothing():
    x, y, _, _ = digits()
    model = NearestNeighbour(x, y)
    assert np.shares_memory(model.x, x)
    cost = model.cost
    assert cost.stored_bytes == 1000 * 64 * 1
    assert cost.operations == 1000 * 64
    assert 0 <= cost.fit_seconds < 0.1
    assert NearestNeighbour(x.astype(np.float32), y).cost.stored_bytes == 4 * 64_000


def test_A05_regions_of_two_points_meet_in_the_middle():
    model = NearestNeighbour(np.array([[0.0, 0.0], [1.0, 0.0]]), np.array([0, 1]))
    found = model.regions(1, (0, 0), (1, 1), cells=10)
    np.testing.assert_array_equal(found.labels, [[0] * 5 + [1] * 5] * 10)
    assert not found.ties.any()
    # Asked for both neighbours, it always has one vote for each.
    both = model.regions(2, (0, 0), (1, 1), cells=10)
    assert both.ties.all()
    assert not both.labels.any()


def test_A05_of_five_neighbours_in_three_classes_two_can_tie():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(60, 2)), rng.integers(0, 3, 60)
    model = NearestNeighbour(x, y)
    one, five = (model.regions(k, (-1, -2), (1, 2), cells=30) for k in (1, 5))
    assert not one.ties.any()
    assert 0 < five.ties.mean() < 0.5
    i, j = np.argwhere(five.ties)[0]
    point = np.array([[five.abscissae[j], five.ordinates[i]]])
    assert sorted(model.votes(point, 5)[0]) == [1, 2, 2]
    assert five.labels[i, j] == model.predict(point, 5)
    with pytest.raises(DataError, match="64 numbers"):
        NearestNeighbour(*digits()[:2]).regions(1, (0, 0), (1, 1))


@pytest.mark.parametrize("share", [0.1, 0.2, 0.3])
def test_A06_a_random_split_of_70_to_90_percent(share):
    parts = split(1797, validation=share, seed=3)
    assert len(parts.validation) == int(1797 * share + 0.5)
    assert len(parts.train) + len(parts.validation) == 1797
    assert sorted([*parts.train, *parts.validation]) == list(range(1797))
    again, other = split(1797, validation=share, seed=3), split(1797, validation=share, seed=4)
    np.testing.assert_array_equal(parts.train, again.train)
    assert not np.array_equal(parts.train, other.train)


def test_A07_five_folds_of_the_first_thousand_digits():
    x, y, _, _ = digits()
    found = cross_validate(x, y, (1, 3), folds=5)
    assert found.points[0] == (0.930, 0.965, 0.985, 0.975, 0.965)
    assert found.means[0] == pytest.approx(0.9640, abs=5e-5)
    assert found.stds[0] == pytest.approx(0.0185, abs=5e-5)
    assert found.to_json()["points"][0] == [0.930, 0.965, 0.985, 0.975, 0.965]


def test_A07_of_equal_means_the_smallest_k_is_best():
    found = distances_of_one_class()
    assert found.ks == (5, 3, 1)
    assert found.best == 1


def distances_of_one_class():
    return cross_validate(np.arange(20.0)[:, None], np.zeros(20, int), (5, 3, 1), folds=2)


@pytest.mark.parametrize("metric", ["l1", "l2"])
def test_blocks_change_no_answer(metric, monkeypatch):
    x, y, q, _ = digits()
    model = NearestNeighbour(x, y, metric=metric)
    whole = model.neighbours(q[:30], 7)
    monkeypatch.setattr(distances, "BLOCK", 3000)
    np.testing.assert_array_equal(model.neighbours(q[:30], 7), whole)


@pytest.mark.parametrize("metric", ["l1", "l2"])
def test_memory_does_not_grow_with_the_queries(metric, monkeypatch):
    """All distances at once would take 40 MB in float32, here 2.4 MB at a time."""
    monkeypatch.setattr(distances, "BLOCK", 600_000)
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (10_000, 4), dtype=np.uint8)
    q = rng.integers(0, 256, (1_000, 4), dtype=np.uint8)
    model = NearestNeighbour(x, np.zeros(10_000, int), metric=metric)
    tracemalloc.start()
    try:
        model.neighbours(q, 3)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 12e6


@pytest.mark.slow
def test_fifty_thousand_images_and_ten_thousand_questions_fit_into_a_gigabyte():
    """CIFAR-10's sizes, all of the process counted."""
    script = """
import resource
import numpy as np
from graphspec.classic.nearest_neighbour import NearestNeighbour
rng = np.random.default_rng(0)
x = rng.integers(0, 256, (50_000, 3072), dtype=np.uint8)
q = rng.integers(0, 256, (10_000, 3072), dtype=np.uint8)
NearestNeighbour(x, np.zeros(50_000, int)).predict(q, 5)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 1e9


def test_what_cannot_be_asked_is_refused_with_its_numbers():
    x, y, q, _ = digits()
    model = NearestNeighbour(x, y)
    with pytest.raises(DataError, match="1 to 1000"):
        model.neighbours(q, 1001)
    with pytest.raises(DataError, match="60 numbers"):
        model.neighbours(q.reshape(len(q), 64)[:, :60])
    with pytest.raises(DataError, match="Real targets"):
        NearestNeighbour(x, y.astype(float))
    for bad in (np.nan, np.inf):
        with pytest.raises(DataError, match="every value must be finite"):
            NearestNeighbour(x, y, metric="l1").predict(np.full((1, 64), bad))
    huge = np.array([[1e200], [2e200]])
    with pytest.raises(DataError, match="Scale the data"), np.errstate(over="ignore"):
        NearestNeighbour(huge, np.array([0, 1])).neighbours(huge)
