"""A folder of images with one folder a class, as photographs are often sorted."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from graphspec.data.budget import DEFAULT_BUDGET, Budget, FilePath
from graphspec.data.dataset import Dataset
from graphspec.data.safe_io import IMAGE_SUFFIXES, list_folder, read_image
from graphspec.errors import DataError

_TEST_NAMES = ("test", "val", "validation")
Files = list[tuple[Path, int]]


def load_image_folder(
    path: FilePath,
    *,
    colour: Literal["rgb", "grey"] = "rgb",
    size: tuple[int, int] | None = None,
    budget: Budget = DEFAULT_BUDGET,
) -> Dataset:
    """The data set of ``path/CLASS/IMAGE``, or of ``path/train/CLASS/IMAGE`` and ``path/test/…``.

    Classes are the sorted folder names, and files are read in sorted order. ``x`` is uint8 of
    shape (N, 3, H, W), or (N, 1, H, W) for ``colour="grey"``. All images must have the same size,
    unless ``size`` = (H, W) is given: then each is resized (bilinear, aspect not kept).

    Raises:
        DataError: there are no class folders or no images, or the images differ in size.
    """
    if colour not in ("rgb", "grey"):
        raise DataError(f"colour is {colour!r}; it can be 'rgb' or 'grey'.")
    train, test = _parts(Path(path), budget)
    classes = tuple(folder.name for folder in _folders(train, budget))
    files = _files(train, classes, budget)
    test_files = _files(test, classes, budget) if test else []
    if len(files) + len(test_files) > budget.files:
        raise DataError(
            f"{str(path)!r} has {len(files) + len(test_files):,} images, and the budget allows "
            f"{budget.files:,}. If that is right, pass a larger Budget(files=...)."
        )
    first = read_image(files[0][0], budget, grey=colour == "grey", size=size)
    needed = first.nbytes * (len(files) + len(test_files))
    budget.require(needed, path, f"{len(files) + len(test_files):,} images of {first.shape}")
    budget = budget.minus(needed)
    x, y = _read(files, first.shape, colour, size, budget)
    x_test = y_test = None
    if test:
        x_test, y_test = _read(test_files, first.shape, colour, size, budget)
    return Dataset(
        name=Path(path).resolve().name,
        x=x,
        y=y,
        classes=classes,
        x_test=x_test,
        y_test=y_test,
        source=str(path),
    )


def _parts(path: Path, budget: Budget) -> tuple[Path, Path | None]:
    names = {entry.name for entry in _folders(path, budget)}
    tests = [name for name in _TEST_NAMES if name in names]
    if "train" in names and tests and names <= {"train", *_TEST_NAMES}:
        return path / "train", path / tests[0]
    return path, None


def _folders(path: Path, budget: Budget) -> list[Path]:
    return [entry for entry in list_folder(path, budget) if entry.is_dir()]


def _files(path: Path, classes: tuple[str, ...], budget: Budget) -> Files:
    """Each image with the index of its class."""
    unknown = [entry.name for entry in _folders(path, budget) if entry.name not in classes]
    if not classes or unknown:
        reason = (
            f"the class {unknown[0]!r} is not in the training part" if unknown else "no folders"
        )
        raise DataError(
            f"{str(path)!r} is no image folder: {reason}. Put the images of each class in a folder "
            "with the name of the class."
        )
    files: Files = []
    for index, name in enumerate(classes):
        folder = path / name
        entries = list_folder(folder, budget) if folder.is_dir() else []
        found = [(file, index) for file in entries if file.suffix.lower() in IMAGE_SUFFIXES]
        if not found:
            known = " ".join(sorted(IMAGE_SUFFIXES))
            raise DataError(
                f"the class folder {str(folder)!r} holds no images ({known}). Add some, or remove "
                "the folder."
            )
        files += found
    return files


def _read(
    files: Files,
    shape: tuple[int, ...],
    colour: str,
    size: tuple[int, int] | None,
    budget: Budget,
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    x = np.empty((len(files), *shape), np.uint8)
    for i, (file, _) in enumerate(files):
        image = read_image(file, budget, grey=colour == "grey", size=size)
        if image.shape != shape:
            raise DataError(
                f"{str(file)!r} is {image.shape[1]}×{image.shape[2]} pixels and the first image is "
                f"{shape[1]}×{shape[2]}. Make all images the same size, or pass size=(height, "
                "width) to resize them."
            )
        x[i] = image
    return x, np.array([index for _, index in files], np.int64)
