"""What a data set accepts, and what it tells about itself."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from graphspec.data import Dataset
from graphspec.errors import DataError

X = np.arange(24, dtype=np.uint8).reshape(6, 1, 2, 2)
Y = np.array([0, 1, 2, 0, 1, 2])
CLASSES = ("a", "b", "c")


def make(**changes: Any) -> Dataset:
    return Dataset(**{"name": "toy", "x": X, "y": Y, "classes": CLASSES, **changes})


def test_facts() -> None:
    data = make(x_test=X[:2], y_test=Y[:2], source="here", licence="MIT")
    facts = data.info()
    assert json.loads(json.dumps(facts)) == facts
    assert facts == {
        "name": "toy",
        "shape": [1, 2, 2],
        "dtype": "uint8",
        "range": [0, 23],
        "train": 6,
        "test": 2,
        "bytes": 24 + 48 + 8 + 16,
        "source": "here",
        "licence": "MIT",
        "classes": ["a", "b", "c"],
        "counts": [2, 2, 2],
        "test_counts": [1, 1, 0],
    }
    assert repr(data) == "<Dataset 'toy': 6 + 2 test × 1×2×2 uint8, 3 classes>"
    real = make(y=np.linspace(0, 1, 6)[:, None], classes=())
    assert real.info()["target_range"] == [0, 1]


def test_arrays_are_read_only_and_the_callers_are_not_touched() -> None:
    mine = X.copy()
    data = make(x=mine)
    with pytest.raises(ValueError, match="read-only"):
        data.x[0] = 1
    mine[0] = 1


def test_subset_and_split() -> None:
    data = make(x_test=X[:1], y_test=Y[:1])
    part = data.subset([4, 1])
    assert part.y.tolist() == [1, 1]
    np.testing.assert_array_equal(part.x, X[[4, 1]])
    assert part.x_test is not None
    parts = data.split(validation=3, stratified=True)
    assert sorted(data.y[parts.validation]) == [0, 1, 2]
    assert len(data.folds(3, stratified=True)) == 3
    with pytest.raises(DataError, match="cannot be split by class"):
        make(y=np.zeros((6, 1)), classes=()).split(validation=1, stratified=True)


NAN = np.zeros((6, 3), np.float32)
NAN[4, 2] = np.nan


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"x": X[0]}, r"shape \(1, 2, 2\)"),
        ({"x": X[:0], "y": Y[:0]}, "no size of 0"),
        ({"x": X.astype(np.int32)}, "convert it to uint8"),
        ({"x": X[:5]}, "5 examples and y has 6"),
        ({"x": NAN}, r"x\[4, 2\] is nan"),
        ({"x": np.full((6, 3), np.inf)}, r"x\[0, 0\] is inf"),
        ({"y": Y.astype(np.int32)}, "int64"),
        ({"y": Y - 1}, "class -1"),
        ({"y": Y + 1}, r"class 3, and its 3 classes are 0 to 2"),
        ({"classes": ()}, "need the names"),
        ({"y": NAN, "classes": ()}, r"y\[4, 2\] is nan"),
        ({"x_test": X}, "both or neither"),
        ({"x_test": X.astype(np.float32), "y_test": Y}, "must agree"),
        ({"x_test": X[:, :, :1], "y_test": Y}, "must agree"),
        ({"x_test": X[:2], "y_test": Y[:2] + 5}, "y_test has the class 6"),
    ],
)
def test_what_does_not_fit_is_refused(changes: dict[str, Any], why: str) -> None:
    with pytest.raises(DataError, match=why):
        make(**changes)
