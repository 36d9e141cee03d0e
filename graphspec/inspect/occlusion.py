"""What happens to a network's answer when a part of the image is covered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from graphspec.engines.base import Array
from graphspec.errors import DataError
from graphspec.inspect.probe import BATCH, Probe


@dataclass(frozen=True, eq=False)
class Occlusion:
    """The probability of every class as a square slides over the image.

    ``whole`` (K,) are the probabilities of the uncovered image; ``covered`` (K, R, C) those with
    the occluder at ``tops[r]``, ``lefts[c]``, NaN where it has not been yet. ``size`` is the
    occluder's height and width in pixels.
    """

    image: Array
    size: tuple[int, int]
    tops: Array
    lefts: Array
    whole: Array
    covered: Array

    @property
    def done(self) -> float:
        """The share of the positions that have been visited."""
        return float(np.isfinite(self.covered[0]).mean())

    def drop(self, class_: int) -> Array:
        """How much the probability of a class falls at each position, (R, C)."""
        return np.asarray(self.whole[class_] - self.covered[class_])

    def log_odds_drop(self, class_: int) -> Array:
        """How much log(p/(1 − p)) of a class falls at each position, (R, C).

        Where the network is all but sure, probabilities hardly move and log-odds still do.
        """
        return np.asarray(_log_odds(self.whole[class_]) - _log_odds(self.covered[class_]))


def occlude(
    probe: Probe,
    image: Array,
    *,
    size: int | tuple[int, int],
    stride: int | tuple[int, int] = 1,
    fill: float | Sequence[float] | None = None,
    batch: int = BATCH,
) -> Iterator[Occlusion]:
    """Slide a square over an image, and yield the map as it fills up, a batch at a time.

    The square stands at ⌊(H − h)/s⌋ + 1 rows and as many columns. Whoever stops asking stops the
    work.

    Args:
        probe: the network.
        image: (C, H, W) as its data set has it.
        size: the occluder's side, or its height and width, in pixels.
        stride: how far it moves, or how far down and to the right.
        fill: the value of covered pixels, in the data set's units, or one for each channel; None
            takes the mean of each channel of the image, a grey that the network is not startled by.
        batch: how many covered images are run at a time.

    Raises:
        DataError: the image is none, the occluder does not fit on it, or ``fill`` has neither one
            value nor one for each channel.
        FeedError, SpecError: as for ``Probe.probabilities``.

    Source: Zeiler and Fergus 2014, Visualizing and Understanding Convolutional Networks; CS231n
    notes, Visualizing what ConvNets learn.
    """
    if image.ndim != 3:
        raise DataError(
            f"an occluder slides over an image of (channels, height, width), and this example has "
            f"the shape {image.shape}"
        )
    height, width = (size, size) if isinstance(size, int) else size
    down, right = (stride, stride) if isinstance(stride, int) else stride
    rows, columns = image.shape[1:]
    if not (0 < height <= rows and 0 < width <= columns) or down < 1 or right < 1:
        raise DataError(
            f"an occluder of {height}×{width} pixels that moves by {down} and {right} does not fit "
            f"on an image of {rows}×{columns}: its sides must be from 1 to the image's, and its "
            "stride at least 1"
        )
    tops = np.arange(0, rows - height + 1, down)
    lefts = np.arange(0, columns - width + 1, right)
    grey = _filling(image, fill)
    # Bytes could hold neither every value nor their own mean.
    real = image.astype(np.result_type(image.dtype, np.float32))
    whole = probe.probabilities(image[None])[0]
    covered = np.full((len(whole), len(tops), len(lefts)), np.nan)
    found = Occlusion(image, (height, width), tops, lefts, whole, covered)
    places = list(np.ndindex(len(tops), len(lefts)))
    for start in range(0, len(places), batch):
        part = places[start : start + batch]
        images = np.repeat(real[None], len(part), axis=0)
        for copy, (r, c) in zip(images, part, strict=True):
            copy[:, tops[r] : tops[r] + height, lefts[c] : lefts[c] + width] = grey
        for place, row in zip(part, probe.probabilities(images, batch=batch), strict=True):
            covered[:, *place] = row
        yield replace(found, covered=covered.copy())


def occlusion_map(
    probe: Probe,
    image: Array,
    *,
    size: int | tuple[int, int],
    stride: int | tuple[int, int] = 1,
    fill: float | Sequence[float] | None = None,
    batch: int = BATCH,
) -> Occlusion:
    """The whole map; arguments and errors as for ``occlude``."""
    *_, last = occlude(probe, image, size=size, stride=stride, fill=fill, batch=batch)
    return last


def read_fill(text: str, channels: int) -> tuple[float, ...]:
    """The numbers of a fill that somebody has written, such as ``0.5`` or ``255, 128, 0``.

    Raises:
        DataError: they are no numbers, or neither one nor as many as there are channels.
    """
    words = [word.strip() for word in text.split(",")]
    try:
        values = tuple(float(word) for word in words)
    except ValueError:
        values = ()
    if not np.isfinite(values).all() or len(values) not in (1, channels):
        several = f", or {channels} with commas between them" if channels > 1 else ""
        raise DataError(f"{text!r} is no value of a covered pixel: give one number{several}")
    return values


def _filling(image: Array, fill: float | Sequence[float] | None) -> Array:
    """What covered pixels become, (C, 1, 1) or (1, 1, 1)."""
    if fill is None:
        return np.asarray(image.mean(axis=(1, 2), keepdims=True))
    values = np.atleast_1d(np.asarray(fill, np.float64))
    if len(values) not in (1, len(image)):
        raise DataError(
            f"{len(values)} values are given for covered pixels of {len(image)} channels: give "
            "one, or one for each channel"
        )
    return values[:, None, None]


def _log_odds(p: Array) -> Array:
    tiny = np.finfo(np.float64).tiny
    return np.asarray(np.log(np.maximum(p, tiny)) - np.log(np.maximum(1 - p, tiny)))
