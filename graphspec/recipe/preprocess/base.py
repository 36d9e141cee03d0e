"""What a preprocessing step is: fitted on the training split, applied to everything."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy.typing as npt

from graphspec.record import Record

Array = npt.NDArray[Any]
Chunks = Callable[[], Iterable[Array]]
"""Gives the training examples a chunk at a time, from the start at each call, in float64."""


class PreprocessStep(Record, ABC):
    """Changes the examples before the network sees them.

    What it has to know of the data is fitted on the training split alone: the other splits stand
    for data that nobody has seen.
    """

    def output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of one example after this step, from the shape before it."""
        return shape

    def fit(self, chunks: Chunks) -> dict[str, Array]:
        """The statistics that ``apply`` needs, by name, as float64."""
        return {}

    @abstractmethod
    def apply(self, x: Array, fitted: Mapping[str, Array]) -> Array:
        """A batch (examples on the first axis), changed; float in, the same type out."""


def reduced_axes(ndim: int, per: str) -> tuple[int, ...]:
    """The axes of a batch that one statistic is taken over.

    Per feature it is the examples; per channel the examples and the places; "single" is all.
    """
    if per == "feature":
        return (0,)
    if per == "channel":
        return (0, *range(2, ndim))
    return tuple(range(ndim))
