"""CIFAR-10 and CIFAR-100, in the binary and in the python version of their home page.

A binary record is the label (CIFAR-100: the coarse and the fine label), one byte each, and 3,072
bytes of pixels: 1,024 red, 1,024 green, 1,024 blue, each in rows of 32.
Source: A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from graphspec.data.budget import DAMAGED, DEFAULT_BUDGET, Budget, FilePath, unsafe
from graphspec.data.dataset import Dataset
from graphspec.data.readers.cifar_pickle import read_pickled_batch
from graphspec.data.readers.labels import class_indices, numbered_classes
from graphspec.data.safe_io import list_folder, open_stream, read_text
from graphspec.errors import DataError

CIFAR10_CLASSES = tuple(
    "airplane automobile bird cat deer dog frog horse ship truck".split()  # noqa: SIM905
)
_PIXELS = 3 * 32 * 32
_SUBFOLDERS = (
    "cifar-10-batches-bin",
    "cifar-100-binary",
    "cifar-10-batches-py",
    "cifar-100-python",
)
Labels = Literal["fine", "coarse"]
Images = npt.NDArray[np.uint8]
Indices = npt.NDArray[np.int64]


def load_cifar_folder(
    path: FilePath,
    *,
    labels: Labels = "fine",
    name: str = "",
    source: str = "",
    licence: str = "",
    budget: Budget = DEFAULT_BUDGET,
) -> Dataset:
    """The data set of a folder with CIFAR's batches, or of the folder that holds that folder.

    ``x`` is uint8 of shape (N, 3, 32, 32), red first. ``labels`` chooses among the two labels of
    CIFAR-100 (100 fine or 20 coarse classes). The test part may be absent.

    Raises:
        DataError: there are no such batches, or one is damaged.
    """
    if labels not in ("fine", "coarse"):
        raise DataError(f"labels is {labels!r}; it can be 'fine' or 'coarse'.")
    folder = _folder(Path(path), budget)
    train, test = _batches(folder, budget)
    if not train:
        raise DataError(
            f"{str(path)!r} has no CIFAR batches: no data_batch_1.bin (CIFAR-10) and no train.bin "
            "(CIFAR-100). Unpack the archive there, or run: graphspec data get cifar10"
        )
    x, y = _read(train, labels, budget)
    budget = budget.minus(x.nbytes + y.nbytes)
    x_test = y_test = None
    if test:
        x_test, y_test = _read(test, labels, budget)
    parts = [part for part in (y, y_test) if part is not None]
    return Dataset(
        name=name or folder.resolve().name,
        x=x,
        y=y,
        classes=_classes(folder, train[0], labels, budget) or numbered_classes(*parts),
        x_test=x_test,
        y_test=y_test,
        source=source or str(path),
        licence=licence,
    )


def is_cifar_folder(path: FilePath, budget: Budget = DEFAULT_BUDGET) -> bool:
    """Whether a folder, or one of the archives' own folders in it, has CIFAR's batches."""
    return bool(_batches(_folder(Path(path), budget), budget)[0])


def _folder(path: Path, budget: Budget) -> Path:
    names = {entry.name for entry in list_folder(path, budget)}
    return next((path / name for name in _SUBFOLDERS if name in names), path)


def _batches(folder: Path, budget: Budget) -> tuple[list[Path], list[Path]]:
    """The files of the training and the test part, in order."""
    entries = {entry.name: entry for entry in list_folder(folder, budget)}
    for end in (".bin", ""):
        numbered = [f"data_batch_{i}{end}" for i in range(1, 6)]
        present = [entries[name] for name in numbered if name in entries]
        if present and len(present) < len(numbered):
            lacking = next(name for name in numbered if name not in entries)
            raise DataError(
                f"{str(folder)!r} has {len(present)} of CIFAR-10's 5 training batches; "
                f"{lacking!r} is missing. Unpack the archive again."
            )
        if present:
            return present, [entries[f"test_batch{end}"]] if f"test_batch{end}" in entries else []
    for end in (".bin", ""):
        train = entries.get(f"train{end}")
        if train is not None and train.is_file():
            test = entries.get(f"test{end}")
            return [train], [test] if test is not None else []
    return [], []


def _read(files: Sequence[Path], labels: Labels, budget: Budget) -> tuple[Images, Indices]:
    images, indices = [], []
    for file in files:
        x, y = _read_batch(file, labels, budget)
        budget = budget.minus(x.nbytes + y.nbytes)
        images.append(x)
        indices.append(y)
    if len(files) == 1:
        return images[0], indices[0]
    budget.require(sum(x.nbytes for x in images), files[0].parent, "joining the batches")
    return np.concatenate(images), np.concatenate(indices)


def _read_batch(path: Path, labels: Labels, budget: Budget) -> tuple[Images, Indices]:
    if path.suffix != ".bin":
        x, y = read_pickled_batch(path, labels, budget)
    else:
        wide = 2 if path.name in ("train.bin", "test.bin") else 1
        with open_stream(path, budget, gunzip=False) as stream:
            count, over = divmod(stream.most_left, wide + _PIXELS)
            if over or not count:
                raise unsafe(
                    path,
                    f"its {stream.most_left:,} bytes are no whole number of records of "
                    f"{wide + _PIXELS:,}",
                    DAMAGED,
                )
            records = stream.array(np.dtype(np.uint8), (count, wide + _PIXELS), "its records")
        budget.require(2 * records.nbytes + 8 * count, path, "its images")
        x = np.ascontiguousarray(records[:, wide:])
        y = class_indices(records[:, wide - 1 if labels == "fine" else 0], path, budget)
    return x.reshape(-1, 3, 32, 32), y


def _classes(folder: Path, first: Path, labels: Labels, budget: Budget) -> tuple[str, ...]:
    """The names in the text file of the binary version, if it is there."""
    ten = first.name.startswith("data_batch")
    file = folder / ("batches.meta.txt" if ten else f"{labels}_label_names.txt")
    if not file.is_file():
        return CIFAR10_CLASSES if ten else ()
    text = read_text(file, budget.minus(max(0, budget.total_bytes - (1 << 20))))
    return tuple(line.strip() for line in text.splitlines() if line.strip())
