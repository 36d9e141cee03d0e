"""A network that can be asked about examples as its data set has them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from graphspec.engines.base import Array, Executable
from graphspec.errors import FeedError, Problem, SpecError
from graphspec.plan import Plan
from graphspec.recipe.preprocess.pipeline import Pipeline
from graphspec.train.evaluate import find_class_scores

BATCH = 64


@dataclass(frozen=True, eq=False)
class Probe:
    """A network with its weights and the preprocessing that it was trained with.

    ``input`` is the input that takes the examples; ``classes`` names the classes, where they have
    names. Examples are given as the data set has them, (N, C, H, W) or (N, D): every look at a
    network preprocesses them as training does.
    """

    executable: Executable
    pipeline: Pipeline
    input: str
    dtype: Literal["float32", "float64"] = "float32"
    classes: tuple[str, ...] = ()

    @property
    def plan(self) -> Plan:
        """What the network is."""
        return self.executable.plan

    def values(self, x: Array, layers: Sequence[str], *, batch: int = BATCH) -> dict[str, Array]:
        """What layers give for examples, (N, …) each, in evaluation mode.

        Raises:
            FeedError: the examples have the wrong shape, or there are none.
            SpecError: there is no such layer, or it needs more than the examples.
        """
        parts = list(self.stream(x, layers, batch=batch))
        return {name: np.concatenate([part[name] for part in parts]) for name in layers}

    def stream(
        self, x: Array, layers: Sequence[str], *, batch: int = BATCH
    ) -> Iterator[dict[str, Array]]:
        """As ``values``, but a batch at a time, for sets whose activations would not fit."""
        if len(x) == 0:
            raise FeedError("there are no examples to look at")
        needed = set(self.plan.restrict(layers).inputs) - {self.input}
        if needed:
            raise SpecError(
                [
                    Problem(
                        "unknown-output",
                        f"{', '.join(layers)} needs {', '.join(sorted(needed))} besides the "
                        f"examples: look at a layer that reads {self.input!r} alone",
                    )
                ]
            )
        for start in range(0, len(x), batch):
            part = x[start : start + batch]
            if self.plan.inputs[self.input].dtype == "int":
                part = part.astype(np.int64)
            else:
                part = self.pipeline.apply(part, self.dtype)
            yield dict(self.executable.run({self.input: part}, outputs=layers).values)

    def probabilities(self, x: Array, *, batch: int = BATCH) -> Array:
        """The probability of every class, (N, K) in float64.

        Raises:
            FeedError: the examples have the wrong shape, or there are none.
            SpecError: the network gives no scores of classes.
        """
        pair = find_class_scores(self.plan)
        if pair is None:
            raise SpecError(
                [
                    Problem(
                        "no-scores",
                        "this network gives no scores of classes: none of its losses reads one "
                        "label of an example",
                    )
                ]
            )
        values = self.values(x, [pair.scores], batch=batch)[pair.scores]
        return pair.probabilities(values, pair.weights(self.executable))

    def class_name(self, index: int) -> str:
        """A class's name, or its number where it has none."""
        return self.classes[index] if index < len(self.classes) else str(index)
