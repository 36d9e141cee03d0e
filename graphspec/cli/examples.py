"""Reading the examples that a command line names, as a network's data set has them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from graphspec.data import safe_io
from graphspec.errors import DataError
from graphspec.layers.base import Array

_HALF = 127


def read_examples(file: Path, shape: tuple[int, ...], span: Sequence[float] | None) -> Array:
    """The examples of one file as (N, …), a picture in the range (``span``) of the run's data.

    Raises:
        DataError: the file cannot be read, or a picture is no example of this network.
    """
    if file.suffix == ".npy":
        examples = safe_io.read_npy(file)
    elif file.suffix == ".npz":
        arrays = safe_io.read_npz(file)
        if "x" not in arrays:
            raise DataError(f"{file} has no array x; it has {', '.join(arrays) or 'none'}")
        examples = arrays["x"]
    elif len(shape) == 3 and shape[0] in (1, 3):
        pixels = safe_io.read_image(file, grey=shape[0] == 1, size=(shape[1], shape[2]))[None]
        return _to_range(pixels, file, span)
    else:
        raise DataError(
            f"{file} is taken for an image, but this network reads {shape}, not an image of 1 or "
            "3 channels. Give the examples as .npy"
        )
    return examples[None] if examples.shape == shape else examples


def _to_range(pixels: Array, file: Path, span: Sequence[float] | None) -> Array:
    """Pixels of 0 to 255 as the run's data has them, such as 0 to 16 or 0 to 1.

    Raises:
        DataError: the data has negative values, so that nobody can tell what white would be.
    """
    if span is None:
        return pixels
    low, high = span
    if low < 0:
        raise DataError(
            f"{file} has pixels of 0 to 255, and this network was trained on values from {low:g} "
            f"to {high:g}. Prepare the picture as its training data was, and give it as .npy"
        )
    # Dark pictures may reach less than 255; no usual range ends in between.
    return pixels if high > _HALF else pixels * np.float32(high / 255)
