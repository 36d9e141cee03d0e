"""The idx format of MNIST and Fashion-MNIST, gzip or plain.

An idx file is two zero bytes, a byte for the type, a byte for the number of dimensions, each
dimension as a big-endian 32-bit number, and the values, big-endian.
Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits".
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from graphspec.data.budget import DAMAGED, DEFAULT_BUDGET, Budget, FilePath, unsafe
from graphspec.data.dataset import Dataset
from graphspec.data.readers.labels import class_indices, numbered_classes
from graphspec.data.safe_io import list_folder, open_stream
from graphspec.errors import DataError

_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
# train-images-idx3-ubyte.gz, t10k-labels.idx1-ubyte, emnist-letters-test-images-idx3-ubyte …
_NAME = re.compile(r"(?:.*-)?(train|t10k|test)-(images|labels)[-.]idx[13]-ubyte(?:\.gz)?")


def read_idx(path: FilePath, budget: Budget = DEFAULT_BUDGET) -> npt.NDArray[Any]:
    """One array from an idx file, in the machine's byte order.

    Raises:
        DataError: the file is missing, is not idx, or is larger than the budget.
    """
    with open_stream(path, budget) as stream:
        start = stream.exactly(4, "the idx header")
        if start[:2] != b"\0\0" or start[2] not in _TYPES or start[3] == 0:
            raise unsafe(
                path,
                f"an idx file begins with 00 00, type, rank; here is {start.hex(' ')}",
                DAMAGED,
            )
        sizes = np.frombuffer(stream.exactly(4 * start[3], "the idx header"), ">u4")
        shape = tuple(int(size) for size in sizes)
        array = stream.array(np.dtype(_TYPES[start[2]]), shape, "the idx array")
        stream.end()
        return array


def load_idx_folder(
    path: FilePath,
    *,
    classes: tuple[str, ...] = (),
    name: str = "",
    source: str = "",
    licence: str = "",
    budget: Budget = DEFAULT_BUDGET,
) -> Dataset:
    """The data set of a folder with MNIST's four files; those of the test part may be absent.

    Images are uint8 of shape (N, 1, H, W). Without ``classes`` the classes are called 0, 1, 2 …

    Raises:
        DataError: files are missing, come twice, or do not fit each other.
    """
    found = _find(path, budget)
    x, y = _read_part(path, found, "train", budget)
    budget = budget.minus(x.nbytes + y.nbytes)
    x_test = y_test = None
    parts = [y]
    if "test-images" in found or "test-labels" in found:
        x_test, y_test = _read_part(path, found, "test", budget)
        parts.append(y_test)
    return Dataset(
        name=name or Path(path).resolve().name,
        x=x,
        y=y,
        classes=classes or numbered_classes(*parts),
        x_test=x_test,
        y_test=y_test,
        source=source or str(path),
        licence=licence,
    )


def is_idx_folder(path: FilePath, budget: Budget = DEFAULT_BUDGET) -> bool:
    """Whether a folder has files named as MNIST's are."""
    return any(_NAME.fullmatch(entry.name) for entry in list_folder(path, budget))


def _find(path: FilePath, budget: Budget) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for entry in list_folder(path, budget):
        match = _NAME.fullmatch(entry.name)
        if match is None:
            continue
        key = f"{'train' if match[1] == 'train' else 'test'}-{match[2]}"
        # A file often lies beside its own unpacked copy; either will do.
        if key in found and found[key].name.removesuffix(".gz") != entry.name.removesuffix(".gz"):
            raise DataError(
                f"{str(path)!r} holds several sets: {found[key].name!r} and {entry.name!r} are "
                f"both the {key.replace('-', ' ')}. Put each set in a folder of its own."
            )
        found[key] = entry
    return found


def _read_part(
    path: FilePath, found: dict[str, Path], part: str, budget: Budget
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    for key in (f"{part}-images", f"{part}-labels"):
        if key not in found:
            wanted = f"{part if part == 'train' else 't10k'}-{key.split('-')[1]}"
            rank = 3 if key.endswith("images") else 1
            raise DataError(
                f"{str(path)!r} has no {wanted}-idx{rank}-ubyte or {wanted}-idx{rank}-ubyte.gz; "
                "a folder of idx files needs the images and the labels of each part."
            )
    images_path, labels_path = found[f"{part}-images"], found[f"{part}-labels"]
    images = read_idx(images_path, budget)
    if images.ndim != 3 or images.dtype != np.uint8:
        raise unsafe(
            images_path,
            f"it holds {images.dtype} of rank {images.ndim}; images are uint8 of rank 3 "
            "(magic number 2051)",
            DAMAGED,
        )
    budget = budget.minus(images.nbytes)
    labels = read_idx(labels_path, budget)
    if labels.shape != images.shape[:1] or labels.dtype != np.uint8:
        raise unsafe(
            labels_path,
            f"it holds {labels.dtype} of shape {labels.shape} for {len(images):,} images; labels "
            "are one uint8 for each image (magic number 2049)",
            DAMAGED,
        )
    return images[:, None], class_indices(labels, labels_path, budget.minus(labels.nbytes))
