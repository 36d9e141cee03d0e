"""The idx reader: types, byte order, magic numbers, gzip, and folders."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from graphspec.data import Budget, load_data
from graphspec.data.readers.idx import load_idx_folder, read_idx
from graphspec.errors import DataError, UnsafeFileError

CODES = {"u1": 8, "i1": 9, "i2": 11, "i4": 12, "f4": 13, "f8": 14}
IMAGES = np.arange(5 * 2 * 3, dtype=np.uint8).reshape(5, 2, 3)
LABELS = np.array([0, 3, 1, 0, 2], np.uint8)


def idx(array: np.ndarray) -> bytes:
    code = CODES[array.dtype.str[1:]]
    sizes = struct.pack(f">{array.ndim}I", *array.shape)
    return (
        bytes([0, 0, code, array.ndim])
        + sizes
        + array.astype(array.dtype.newbyteorder(">")).tobytes()
    )


def fill(folder: Path, *, packed: bool = False, test: bool = True) -> Path:
    folder.mkdir(exist_ok=True)
    for part in ("train", "t10k") if test else ("train",):
        for name, array in (("images-idx3", IMAGES), ("labels-idx1", LABELS)):
            data = idx(array)
            if packed:
                (folder / f"{part}-{name}-ubyte.gz").write_bytes(gzip.compress(data))
            else:
                (folder / f"{part}-{name}-ubyte").write_bytes(data)
    return folder


@given(
    st.sampled_from(sorted(CODES)).flatmap(
        lambda code: hnp.arrays(code, hnp.array_shapes(max_dims=4, max_side=5))
    ),
    st.booleans(),
)
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, array: np.ndarray, packed: bool
) -> None:
    path = tmp_path_factory.getbasetemp() / "array.idx"
    path.write_bytes(gzip.compress(idx(array)) if packed else idx(array))
    back = read_idx(path)
    assert back.dtype == array.dtype
    np.testing.assert_array_equal(back, array)


@pytest.mark.parametrize("packed", [False, True])
def test_a_folder_of_four_files(tmp_path: Path, packed: bool) -> None:
    data = load_data(fill(tmp_path / "toys", packed=packed))
    assert data.name == "toys"
    assert data.x.shape == (5, 1, 2, 3)
    np.testing.assert_array_equal(data.x[:, 0], IMAGES)
    assert data.y.tolist() == [0, 3, 1, 0, 2]
    assert data.classes == ("0", "1", "2", "3")
    assert data.x_test is not None
    assert len(data.x_test) == 5


def test_the_test_part_may_be_absent_and_a_packed_copy_may_lie_beside(tmp_path: Path) -> None:
    fill(tmp_path, test=False)
    fill(tmp_path, test=False, packed=True)
    data = load_idx_folder(tmp_path, classes=("a", "b", "c", "d"))
    assert data.x_test is None
    assert data.classes == ("a", "b", "c", "d")


def test_folders_that_are_incomplete_or_mixed(tmp_path: Path) -> None:
    fill(tmp_path)
    (tmp_path / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(DataError, match="no t10k-labels-idx1-ubyte or"):
        load_data(tmp_path)
    (tmp_path / "emnist-letters-train-images-idx3-ubyte").touch()
    with pytest.raises(DataError, match="several sets"):
        load_data(tmp_path)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "ends after 0 of 4|can hold at most 0"),
        (b"\0\1\x08\1\0\0\0\1x", "begins with 00 00"),
        (b"\0\0\x07\1\0\0\0\1x", "begins with 00 00"),
        (b"\0\0\x08\0x", "begins with 00 00"),
        (b"\0\0\x08\1\0\0\0\2x", "claims 2 bytes"),
        (b"\0\0\x08\1\0\0\0\1xy", "more bytes follow"),
        (b"\0\0\x08\3" + b"\xff" * 12, "elements"),
        (b"\0\0\x08\x28" + b"\0\0\0\1" * 40 + b"x", "at most 32 dimensions"),
    ],
)
def test_files_that_lie(tmp_path: Path, data: bytes, why: str) -> None:
    path = tmp_path / "a.idx"
    path.write_bytes(data)
    with pytest.raises(UnsafeFileError, match=why):
        read_idx(path)


def test_magic_numbers_and_counts_must_fit(tmp_path: Path) -> None:
    images, labels = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
    for name, wrong, why in (
        (images, LABELS, "2051"),
        (images, IMAGES.astype(np.int32), "2051"),
        (labels, IMAGES, "2049"),
        (labels, LABELS[:4], r"\(4,\) for 5 images"),
    ):
        fill(tmp_path)
        (tmp_path / name).write_bytes(idx(wrong))
        with pytest.raises(UnsafeFileError, match=why):
            load_data(tmp_path)


def test_the_budget_covers_all_files_together(tmp_path: Path) -> None:
    fill(tmp_path)
    enough = 2 * (30 + 5 * 9)
    load_data(tmp_path, budget=Budget(total_bytes=enough))
    with pytest.raises(UnsafeFileError, match="t10k"):
        load_data(tmp_path, budget=Budget(total_bytes=enough - 40))
