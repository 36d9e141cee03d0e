"""Batches in an order that can be saved in the middle and taken up again exactly."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from graphspec.data.splits import Indices
from graphspec.errors import DataError

Array = npt.NDArray[Any]
Transform = Callable[[Array, Array, np.random.Generator], tuple[Array, Array]]


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Some examples: their positions in the data, and ``x`` and ``y`` at those positions.

    ``last`` tells that the epoch (counted from 0) ends with this batch.
    """

    indices: Indices
    x: Array
    y: Array
    epoch: int
    last: bool


@dataclass(frozen=True, slots=True, eq=False)
class LoaderState:
    """Everything that decides which batches follow.

    ``order`` is the permutation of the running epoch and ``cursor`` how many of it are used;
    ``generator`` is the state of the random generator as JSON values (its integers have up to
    128 bits, which Python's json keeps exactly).
    """

    epoch: int
    cursor: int
    order: Indices
    generator: dict[str, Any]


class Loader:
    """Gives batches of ``x`` and ``y``: in one epoch, every example exactly once.

    A new permutation is drawn from ``rng`` when an epoch begins; ``drop_last`` leaves out the
    last batch of an epoch when it is smaller than the others. ``transform(x, y, rng)`` gives a
    batch's new x and y, after they have been converted to ``dtype`` (whole numbers in y are not);
    it draws from the same generator, so that its draws are part of the saved state too.

    Raises:
        DataError: the arrays or the batch size do not fit.
    """

    def __init__(
        self,
        x: Array,
        y: Array,
        batch: int,
        *,
        rng: np.random.Generator,
        shuffle: bool = True,
        drop_last: bool = False,
        dtype: npt.DTypeLike = np.float32,
        transform: Transform | None = None,
    ) -> None:
        if len(x) != len(y) or len(x) == 0:
            raise DataError(f"x has {len(x)} examples and y has {len(y)}; give one y for each x.")
        if batch < 1 or (drop_last and batch > len(x)):
            raise DataError(
                f"batches of {batch} cannot be made of {len(x)} examples; "
                f"use a batch from 1 to {len(x)}."
            )
        self.x, self.y, self.batch, self.rng = x, y, batch, rng
        self.shuffle, self.drop_last, self.transform = shuffle, drop_last, transform
        self.dtype = np.dtype(dtype)
        self._epoch, self._order = -1, np.arange(len(x))
        self._cursor = self._usable

    def __len__(self) -> int:
        """Number of batches in an epoch."""
        return -(-self._usable // self.batch)

    @property
    def _usable(self) -> int:
        return len(self.x) - len(self.x) % self.batch if self.drop_last else len(self.x)

    @property
    def epoch(self) -> int:
        """The epoch (from 0) that the next batch belongs to."""
        return self._epoch + (self._cursor >= self._usable)

    def next_batch(self) -> Batch:
        """The next batch; begins a new epoch when the last one is used up."""
        if self._cursor >= self._usable:
            self._epoch, self._cursor = self._epoch + 1, 0
            if self.shuffle:
                self._order = self.rng.permutation(len(self.x))
        end = min(self._cursor + self.batch, self._usable)
        indices = self._order[self._cursor : end].copy()
        self._cursor = end
        x = self.x[indices].astype(self.dtype, copy=False)
        y = self.y[indices]
        if y.dtype.kind == "f":
            y = y.astype(self.dtype, copy=False)
        if self.transform is not None:
            x, y = self.transform(x, y, self.rng)
        return Batch(
            indices=indices,
            x=np.ascontiguousarray(x, dtype=self.dtype),
            y=np.ascontiguousarray(y),
            epoch=self._epoch,
            last=end == self._usable,
        )

    def rest_of_epoch(self) -> Iterator[Batch]:
        """The batches up to the end of the epoch: a whole one when none has begun."""
        while True:
            batch = self.next_batch()
            yield batch
            if batch.last:
                return

    def state(self) -> LoaderState:
        """The position between two batches, to be given to ``restore``."""
        generator = deepcopy(self.rng.bit_generator.state)
        return LoaderState(self._epoch, self._cursor, self._order.copy(), dict(generator))

    def restore(self, state: LoaderState) -> None:
        """Go to a saved position: the batches that follow are those that followed it then.

        Raises:
            DataError: the state is of other data or another generator, or is damaged.
        """
        order = np.asarray(state.order)
        whole = order.shape == (len(self.x),) and order.dtype == np.int64
        if not whole or not np.array_equal(np.sort(order), np.arange(len(self.x))):
            raise DataError(
                f"the saved position is of other data: its order of {order.size} examples is no "
                f"permutation of the {len(self.x)} given. Resume with the data of the first run."
            )
        # -1 is the state of a loader that has given nothing yet.
        if not 0 <= state.cursor <= self._usable or state.epoch < -1:
            raise DataError(
                f"the saved position is damaged: epoch {state.epoch}, {state.cursor} examples used."
            )
        try:
            self.rng.bit_generator.state = deepcopy(state.generator)
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise DataError(
                f"the saved state of the random generator is damaged: {error}"
            ) from None
        self._epoch, self._cursor, self._order = state.epoch, state.cursor, order.copy()
