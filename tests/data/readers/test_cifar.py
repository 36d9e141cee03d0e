"""CIFAR's binary records, and its pickles decoded without the unpickler."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from graphspec.data import load_data
from graphspec.data.readers.cifar import CIFAR10_CLASSES
from graphspec.errors import DataError, UnsafeFileError

PIXELS = np.random.default_rng(0).integers(0, 256, (4, 3072), np.uint8)
LABELS = [3, 0, 9, 5]


def binary(*labels: list[int]) -> bytes:
    columns = np.array(labels, np.uint8).T
    return np.concatenate([columns, PIXELS], axis=1).tobytes()


def text(value: str) -> bytes:
    return b"U" + bytes([len(value)]) + value.encode()


def pickled(labels: dict[str, list[int]], pixels: np.ndarray = PIXELS, kind: str = "u1") -> bytes:
    """A batch in the opcodes in which Python 2's cPickle wrote those of the home page."""

    def number(value: int) -> bytes:
        return b"K" + bytes([value]) if value < 256 else b"M" + value.to_bytes(2, "little")

    array = (
        b"cnumpy.core.multiarray\n_reconstruct\nq\x06cnumpy\nndarray\nq\x07K\x00\x85q\x08U\x01bq\x09"
        b"\x87q\x0aRq\x0b(K\x01" + number(pixels.shape[0]) + number(pixels.shape[1]) + b"\x86q\x0c"
        b"cnumpy\ndtype\nq\x0d" + text(kind) + b"q\x0eK\x00K\x01\x87q\x0fRq\x10(K\x03U\x01|q\x11NNN"
        b"J\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tq\x12b\x89T"
        + pixels.nbytes.to_bytes(4, "little")
        + pixels.tobytes()
        + b"q\x13tq\x14b"
    )
    lists = b"".join(
        text(key) + b"q\x20]q\x21(" + b"".join(number(value) for value in values) + b"e"
        for key, values in labels.items()
    )
    batch = text("batch_label") + b"q\x02" + text("training batch 1 of 5") + b"q\x03"
    names = text("filenames") + b"r\x00\x01\x00\x00](" + text("a.png") + b"h\x02e"
    return b"\x80\x02}q\x01(" + batch + text("data") + b"q\x05" + array + lists + names + b"u."


def ten(folder: Path, end: str, content: bytes) -> None:
    for name in (*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"):
        (folder / f"{name}{end}").write_bytes(content)


@pytest.mark.parametrize("end", [".bin", ""])
@pytest.mark.parametrize("nested", [False, True])
def test_cifar10(tmp_path: Path, end: str, nested: bool) -> None:
    folder = tmp_path / ("cifar-10-batches-bin" if end else "cifar-10-batches-py")
    folder.mkdir()
    ten(folder, end, binary(LABELS) if end else pickled({"labels": LABELS}))
    data = load_data(tmp_path if nested else folder)
    assert data.x.shape == (20, 3, 32, 32)
    assert data.y.tolist() == LABELS * 5
    assert data.classes == CIFAR10_CLASSES
    # Red, green and blue planes, rows of 32: pixel 1025 of a record is green at row 0, column 1.
    assert data.x[1, 1, 0, 1] == PIXELS[1, 1025]
    assert data.x[1, 0, 2, 3] == PIXELS[1, 67]
    np.testing.assert_array_equal(data.x_test, PIXELS.reshape(4, 3, 32, 32))


@pytest.mark.parametrize("end", [".bin", ""])
def test_cifar100_has_two_kinds_of_labels(tmp_path: Path, end: str) -> None:
    coarse, fine = [1, 0, 2, 1], [90, 4, 99, 17]
    content = (
        binary(coarse, fine) if end else pickled({"fine_labels": fine, "coarse_labels": coarse})
    )
    for name in ("train", "test"):
        (tmp_path / f"{name}{end}").write_bytes(content)
    assert load_data(tmp_path).y.tolist() == fine
    if end:
        (tmp_path / "coarse_label_names.txt").write_text("fish\nflowers\nfruit\n\n")
        assert load_data(tmp_path, labels="coarse").classes == ("fish", "flowers", "fruit")
    np.testing.assert_array_equal(load_data(tmp_path, labels="coarse").y, coarse)
    with pytest.raises(DataError, match="'fine' or 'coarse'"):
        load_data(tmp_path, labels="all")


def test_batches_that_are_missing_or_cut(tmp_path: Path) -> None:
    ten(tmp_path, ".bin", binary(LABELS))
    (tmp_path / "data_batch_2.bin").write_bytes(binary(LABELS)[:-1])
    with pytest.raises(UnsafeFileError, match="records of 3,073"):
        load_data(tmp_path)
    (tmp_path / "data_batch_2.bin").write_bytes(binary([3, 0, 10, 5]))
    with pytest.raises(DataError, match="class 10"):
        load_data(tmp_path)
    (tmp_path / "data_batch_2.bin").unlink()
    with pytest.raises(DataError, match=r"data_batch_2\.bin"):
        load_data(tmp_path)


class Call:
    def __init__(self, function: Callable[..., object], *arguments: object) -> None:
        self.wanted = function, arguments

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return self.wanted


@pytest.mark.parametrize(
    "content",
    [
        pickled({"labels": LABELS[:3]}),
        pickled({"labels": [1, 2, 3, 255]}),
        pickled({}),
        pickled({"labels": LABELS}, kind="f8"),
        pickled({"labels": LABELS}, pixels=PIXELS[:, :3000]),
        pickled({"labels": LABELS})[:-1],
        b"\x80\x02}.",
        b"}(((ttt]u.",
        b"(" * 1000 + b"t" * 1000 + b".",
        b"}(" + b"(" * 100_000 + b"t" * 100_000 + b"Nu.",
        b"N" * 600_000,
        b"cos\nsystem\n.",
        b"h\x00.",
        b"Nb.",
        b"Na.",
        b"u.",
        b"T\xff\xff\xff\xff.",
    ],
    ids=range(17),
)
def test_pickles_that_are_no_batch(tmp_path: Path, content: bytes) -> None:
    ten(tmp_path, "", content)
    with pytest.raises(DataError):
        load_data(tmp_path)


@pytest.mark.parametrize("protocol", range(6))
def test_no_pickle_is_ever_run(tmp_path: Path, protocol: int) -> None:
    made = tmp_path / "made"
    ten(tmp_path, "", pickle.dumps({b"data": Call(os.mkdir, str(made))}, protocol))
    with pytest.raises(DataError):
        load_data(tmp_path)
    assert not made.exists()
