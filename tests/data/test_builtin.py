"""The shipped sets against their sources and against figures that others published."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest

from graphspec.data import load_data
from graphspec.data.builtin import SETS
from graphspec.data.safe_io import read_npz
from graphspec.errors import DataError

FASHION = Path("/usr/share/datasets/fashion-mnist")


def test_digits_are_scikit_learns_in_their_order() -> None:
    theirs = pytest.importorskip("sklearn.datasets").load_digits()
    ours = load_data("digits")
    assert ours.x.shape == (1797, 1, 8, 8)
    np.testing.assert_array_equal(ours.x[:, 0], theirs.images)
    np.testing.assert_array_equal(ours.y, theirs.target)


def test_nearest_neighbour_on_digits_finds_the_known_767_of_797() -> None:
    data = load_data("digits", held_out=797)
    assert data.x_test is not None
    train = data.x.reshape(1000, 64).astype(np.int64)
    test = data.x_test.reshape(797, 64).astype(np.int64)
    distance = (train**2).sum(1) - 2 * test @ train.T
    assert (data.y[distance.argmin(1)] == data.y_test).sum() == 767


def test_digits_held_out() -> None:
    assert load_data("digits").x_test is None
    with pytest.raises(DataError, match="held_out is 1797"):
        load_data("digits", held_out=1797)


def test_fashion_mini_is_balanced_and_small_enough_to_ship() -> None:
    data = load_data("fashion-mini")
    facts = data.info()
    assert (facts["shape"], facts["dtype"], facts["range"]) == ([1, 28, 28], "uint8", [0, 255])
    assert facts["counts"] == [800] * 10
    assert facts["test_counts"] == [150] * 10
    assert (SETS / "fashion-mini.npz").stat().st_size < 4_500_000
    assert sum(file.stat().st_size for file in SETS.iterdir()) < 4_900_000
    assert "Zalando" in (SETS / "README.md").read_text(encoding="utf-8")


@pytest.mark.skipif(not FASHION.is_dir(), reason="Debian's dataset-fashion-mnist")
def test_fashion_mini_images_are_unchanged_and_labelled_as_in_the_whole_set() -> None:
    whole, mini = load_data(FASHION), load_data("fashion-mini")
    for part in ("", "_test"):
        x, y = getattr(whole, f"x{part}"), getattr(whole, f"y{part}")
        labels: dict[bytes, int] = {
            image.tobytes(): int(label) for image, label in zip(x, y, strict=True)
        }
        small = zip(getattr(mini, f"x{part}"), getattr(mini, f"y{part}"), strict=True)
        assert all(labels[image.tobytes()] == label for image, label in small)


@pytest.mark.slow
@pytest.mark.skipif(not FASHION.is_dir(), reason="Debian's dataset-fashion-mnist")
def test_fashion_mini_is_what_its_script_makes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = SETS.parents[2] / "scripts" / "make_fashion_mini.py"
    made = runpy.run_path(str(script))
    monkeypatch.setitem(made["main"].__globals__, "TARGET", tmp_path / "again.npz")
    made["main"](str(FASHION))
    again, ours = read_npz(tmp_path / "again.npz"), read_npz(SETS / "fashion-mini.npz")
    assert list(again) == list(ours)
    for name, array in again.items():
        np.testing.assert_array_equal(array, ours[name])


def test_spiral_is_that_of_the_notes() -> None:
    # The code of the notes (neural networks case study), with numpy's global stream seeded by 0.
    n, k = 100, 3
    stream = np.random.RandomState(0)
    x, y = np.zeros((n * k, 2)), np.zeros(n * k, dtype="uint8")
    for j in range(k):
        rows = range(n * j, n * (j + 1))
        r = np.linspace(0.0, 1, n)
        t = np.linspace(j * 4, (j + 1) * 4, n) + stream.randn(n) * 0.2
        x[rows] = np.c_[r * np.sin(t), r * np.cos(t)]
        y[rows] = j
    data = load_data("spiral")
    np.testing.assert_array_equal(data.x, x)
    np.testing.assert_array_equal(data.y, y)
    # By hand: r = 1/99, t = 4/99 + 0.2 · 0.40015721, the second normal draw of seed 0.
    np.testing.assert_allclose(data.x[1], [0.0012135813, 0.0100278], atol=1e-7)


def test_spiral_takes_its_parameters() -> None:
    data = load_data("spiral", n=7, classes=4, noise=0.0, seed=5)
    assert data.x.shape == (28, 2)
    assert data.info()["counts"] == [7] * 4
    np.testing.assert_allclose(np.hypot(*data.x.T), np.tile(np.linspace(0, 1, 7), 4), atol=1e-12)
    assert not np.array_equal(load_data("spiral", seed=1).x, load_data("spiral").x)
    with pytest.raises(DataError, match="spiral cannot be made"):
        load_data("spiral", n=0)
