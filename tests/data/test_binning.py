"""Real targets cut into classes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from graphspec.data import bin_targets, load_data
from graphspec.data.dataset import Dataset
from graphspec.errors import DataError


def data(y: np.ndarray, y_test: np.ndarray | None = None) -> Dataset:
    def x(answers: np.ndarray) -> np.ndarray:
        return np.zeros((len(answers), 2), np.float32)

    if y_test is None:
        return Dataset("heights", x(y), y[:, None])
    return Dataset("heights", x(y), y[:, None], x_test=x(y_test), y_test=y_test[:, None])


def test_I07_bins_of_equal_count_are_as_many_classes_of_equal_size() -> None:
    y = np.random.default_rng(0).permutation(np.arange(100.0) ** 2)
    binned = bin_targets(data(y), 5)
    assert len(binned.classes) == 5
    assert binned.y.dtype == np.int64
    assert np.bincount(binned.y).tolist() == [20] * 5
    order = np.argsort(y)
    assert (np.diff(binned.y[order]) >= 0).all()
    assert binned.classes[0] == "below 392.2"
    assert binned.classes[-1] == "6273 or more"


def test_I07_bins_of_equal_width_cut_the_range_evenly() -> None:
    y = np.array([0.0, 1.0, 2.4, 2.5, 9.0, 10.0])
    with pytest.raises(DataError, match="leave 1 of them empty"):
        bin_targets(data(y), 4, "width")
    found = bin_targets(data(np.append(y, 5.0), np.array([-3.0, 7.5, 99.0])), 4, "width")
    assert found.y.tolist() == [0, 0, 0, 1, 3, 3, 2]
    assert found.classes == ("below 2.5", "2.5 to 5", "5 to 7.5", "7.5 or more")
    assert found.y_test is not None
    assert found.y_test.tolist() == [0, 3, 3]


def test_I07_bins_are_an_option_of_every_reader(tmp_path: Path) -> None:
    path = tmp_path / "heights.csv"
    path.write_text("age,height\n" + "".join(f"{i},{i + 0.5}\n" for i in range(12)))
    binned = load_data(path, bins=3)
    assert binned.y.tolist() == [0] * 4 + [1] * 4 + [2] * 4
    assert binned.classes == ("below 4.167", "4.167 to 7.833", "7.833 or more")
    assert load_data(path, bins=2, binning="width").classes == ("below 6", "6 or more")


@pytest.mark.parametrize(
    ("y", "options", "message"),
    [
        (np.zeros(9), {"bins": 2}, "Use fewer bins"),
        (np.arange(9.0), {"bins": 1}, "use 2 to 9"),
        (np.arange(9.0), {"bins": True}, "whole number"),
        (np.arange(9.0), {"bins": 3, "binning": "depth"}, "'count' or 'width'"),
    ],
)
def test_bins_that_cannot_be_made(y: np.ndarray, options: dict[str, object], message: str) -> None:
    with pytest.raises(DataError, match=message):
        bin_targets(data(y), **options)  # type: ignore[arg-type]


def test_classes_are_not_binned_again() -> None:
    with pytest.raises(DataError, match="classes already"):
        load_data("digits", bins=3)
    with pytest.raises(DataError, match="give bins as well"):
        load_data("digits", binning="width")
    two = Dataset("two", np.zeros((4, 2), np.float32), np.zeros((4, 2), np.float32))
    with pytest.raises(DataError, match="2 numbers an example"):
        bin_targets(two, 2)
