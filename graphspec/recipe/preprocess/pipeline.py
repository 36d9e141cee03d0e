"""A chain of preprocessing steps with what each has been fitted to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from graphspec.recipe.preprocess.base import Array, PreprocessStep

# Bounds the float64 copies made while fitting.
_CHUNK_BYTES = 16 << 20


def output_shape(steps: Sequence[PreprocessStep], shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of one example after all steps: what a network's input has to have."""
    for step in steps:
        shape = step.output_shape(shape)
    return shape


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Steps in order, and the fitted arrays by ``<position>.<name>`` (``0.mean``)."""

    steps: tuple[PreprocessStep, ...]
    fitted: Mapping[str, Array]

    @classmethod
    def fit(cls, steps: Sequence[PreprocessStep], x: Array) -> Pipeline:
        """Fit each step on the training examples ``x`` as the steps before it leave them."""
        fitted: dict[str, Array] = {}
        for i, step in enumerate(steps):
            before = cls(tuple(steps[:i]), dict(fitted))

            def chunks(before: Pipeline = before) -> Iterator[Array]:
                size = max(1, _CHUNK_BYTES // (8 * max(1, x[:1].size)))
                for start in range(0, len(x), size):
                    yield before.apply(x[start : start + size], np.float64)

            for name, array in step.fit(chunks).items():
                fitted[f"{i}.{name}"] = array
        return cls(tuple(steps), fitted)

    def apply(self, x: Array, dtype: npt.DTypeLike | type[Any]) -> Array:
        """A batch as ``dtype``, with every step applied in that type."""
        y = np.ascontiguousarray(x, dtype=dtype)
        for i, step in enumerate(self.steps):
            prefix = f"{i}."
            own = {
                name.removeprefix(prefix): array
                for name, array in self.fitted.items()
                if name.startswith(prefix)
            }
            y = step.apply(y, own)
        return y
