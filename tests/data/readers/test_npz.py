"""Arrays in npz files: both ways of naming them, layouts of images, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from graphspec.data import Budget, Dataset, load_data
from graphspec.errors import DataError, UnsafeFileError

IMAGES = np.arange(4 * 5 * 6 * 3, dtype=np.uint8).reshape(4, 5, 6, 3)
LABELS = np.array([0, 1, 1, 2], np.uint8)


def load(tmp_path: Path, options: dict[str, Any] | None = None, **arrays: Any) -> Dataset:
    np.savez(tmp_path / "toys.npz", **arrays)
    return load_data(tmp_path / "toys.npz", **(options or {}))


def test_own_names_and_those_of_keras(tmp_path: Path) -> None:
    own = load(tmp_path, x=IMAGES, y=LABELS, x_test=IMAGES[:2], y_test=LABELS[:2])
    keras = load(
        tmp_path,
        x_train=IMAGES,
        y_train=LABELS[:, None],
        x_test=IMAGES[:2],
        y_test=LABELS[:2, None],
    )
    for data in (own, keras):
        assert data.x.shape == (4, 3, 5, 6)
        assert data.x.flags.c_contiguous
        np.testing.assert_array_equal(data.x, IMAGES.transpose(0, 3, 1, 2))
        assert data.y.tolist() == [0, 1, 1, 2]
        assert data.classes == ("0", "1", "2")
        assert data.name == "toys"
        assert data.x_test is not None


@pytest.mark.parametrize(
    ("shape", "channels", "becomes"),
    [
        ((4, 7), "auto", (7,)),
        ((4, 5, 6), "auto", (1, 5, 6)),
        ((4, 5, 6, 1), "auto", (1, 5, 6)),
        ((4, 3, 6, 5), "auto", (3, 6, 5)),
        ((4, 3, 5, 3), "auto", (3, 5, 3)),
        ((4, 3, 5, 3), "last", (3, 3, 5)),
        ((4, 5, 6, 2), "last", (2, 5, 6)),
        ((4, 5, 6, 3), "first", (5, 6, 3)),
    ],
)
def test_layouts(
    tmp_path: Path, shape: tuple[int, ...], channels: str, becomes: tuple[int, ...]
) -> None:
    data = load(tmp_path, {"channels": channels}, x=np.zeros(shape, np.uint8), y=LABELS)
    assert data.shape == becomes


@pytest.mark.parametrize(
    ("dtype", "becomes"),
    [("u1", "u1"), ("f4", "f4"), (">f8", "f8"), ("f2", "f4"), ("i4", "f4"), ("?", "f4")],
)
def test_types(tmp_path: Path, dtype: str, becomes: str) -> None:
    data = load(tmp_path, x=np.ones((4, 2), dtype), y=LABELS)
    assert data.x.dtype == np.dtype(becomes)
    assert data.x.sum() == 8


def test_names_of_classes_and_real_targets(tmp_path: Path) -> None:
    for names in (["a", "b", "ç"], np.array(["a", "b", "ç"], "U8")):
        assert load(tmp_path, x=IMAGES, y=LABELS, classes=names).classes == ("a", "b", "ç")
    real = load(tmp_path, x=IMAGES, y=LABELS / 2)
    assert real.classes == ()
    assert real.y.tolist() == [[0], [0.5], [0.5], [1]]
    assert load(tmp_path, x=IMAGES, y=np.zeros((4, 2), np.float16)).y.dtype == np.float32


@pytest.mark.parametrize(
    ("arrays", "why"),
    [
        ({"a": LABELS, "b": LABELS}, "no array 'x' nor 'y'; its arrays are 'a', 'b'"),
        ({"x": IMAGES}, "no array 'y'"),
        ({"x": IMAGES, "y": LABELS, "x_test": IMAGES}, "no array 'y_test'"),
        ({"x": np.zeros(4), "y": LABELS}, r"x is float64 of shape \(4,\)"),
        ({"x": np.array(["a"] * 4), "y": LABELS}, "it must be numbers"),
        ({"x": np.zeros((4, 2), complex), "y": LABELS}, "npy header"),
        ({"x": IMAGES, "y": LABELS[:3]}, "4 examples and y has 3"),
        ({"x": IMAGES, "y": LABELS.astype(int) - 1}, "the value -1"),
        ({"x": IMAGES, "y": LABELS.astype(int) + 10**9}, "100,000 of them"),
        ({"x": IMAGES, "y": np.full(4, 2**64 - 1, np.uint64)}, "100,000 of them"),
        ({"x": IMAGES, "y": np.array(["a"] * 4)}, "y is <U1"),
        ({"x": np.full((4, 2), np.nan), "y": LABELS}, "must be finite"),
        ({"x": np.full((4, 2), 1e300, np.longdouble), "y": LABELS}, "float32 can hold"),
        ({"x": IMAGES, "y": LABELS, "classes": ["a"]}, "class 2"),
        ({"x": IMAGES, "y": LABELS, "classes": [1, 2, 3]}, "list of names"),
        ({"x": IMAGES, "y": LABELS, "classes": [b"\xff"] * 3}, "UTF-8"),
    ],
)
def test_what_does_not_fit(tmp_path: Path, arrays: dict[str, Any], why: str) -> None:
    with pytest.raises(DataError, match=why):
        load(tmp_path, **arrays)


def test_the_budget_counts_what_is_held(tmp_path: Path) -> None:
    # 1 MB of images: as they are, then turned (twice), then as float32 (1 + 4).
    images, labels = np.zeros((1000, 10, 100), np.uint8), np.zeros(1000, np.uint8)
    for arrays, megabytes in (
        ({"x": images}, 1),
        ({"x": images.reshape(1000, 10, 100, 1)}, 2),
        ({"x": images.view(np.int8)}, 5),
    ):
        load(
            tmp_path, {"budget": Budget(total_bytes=megabytes * 10**6 + 20_000)}, **arrays, y=labels
        )
        with pytest.raises(UnsafeFileError, match=r"array 'x'|converting x"):
            load(
                tmp_path, {"budget": Budget(total_bytes=megabytes * 10**6 - 1)}, **arrays, y=labels
            )
