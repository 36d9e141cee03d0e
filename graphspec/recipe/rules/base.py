"""What an update rule is: how a gradient changes a weight."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Annotated, Any, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field

from graphspec.record import Record

Array = npt.NDArray[Any]
Fraction = Annotated[float, Field(ge=0, lt=1)]


class Rule(Record, ABC):
    """What all update rules have: a rate, and a memory whose size can be told."""

    rate: float = Field(gt=0)
    """The learning rate before the schedule."""

    def at(self, step: int, *, steps_per_epoch: int) -> Self:
        """The rule as it is at one step (from 0): of the same type, maybe with other numbers."""
        return self

    @abstractmethod
    def arrays_kept(self, weights: int) -> int:
        """How many times the size of all weights the rule's memory has at most."""


class UpdateRule(Rule):
    """Changes weights in place from their gradients; keeps its memory in named slots."""

    def slots(self, w: Array) -> dict[str, Array]:
        """New memory for one weight: arrays like ``w``, by name (``velocity`` …)."""
        return {}

    def arrays_kept(self, weights: int) -> int:
        """One array per slot."""
        return len(self.slots(np.zeros(1)))

    def decay_weight(self, w: Array, *, rate: float) -> None:
        """Shrink ``w`` in place, apart from its gradient, before ``update``.

        Called only for parameters that decay (not biases, not scales). Most rules leave the
        weight alone: their decay is a penalty.
        """

    @abstractmethod
    def update(
        self, w: Array, dw: Array, slots: Mapping[str, Array], *, rate: float, step: int
    ) -> None:
        """Change ``w`` and its slots in place.

        ``rate`` is the scheduled learning rate and ``step`` counts updates from 0. ``dw`` may be
        overwritten.
        """
