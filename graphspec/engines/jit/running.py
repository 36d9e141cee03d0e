"""A lowered program with its memory, ready to be run again and again."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from graphspec.engines.jit.arena import Arena, allocate, lay_out
from graphspec.engines.jit.buffers import Array, Value
from graphspec.engines.jit.lowering.fallback import Environment
from graphspec.engines.jit.lowering.lower import Lowered
from graphspec.engines.jit.table import (
    ALONE,
    BoundTable,
    NativeRow,
    PythonRow,
    Row,
    Segment,
    bind,
)
from graphspec.engines.jit.threads import Pool

_EMPTY = 20


class Running:
    """Binds the rows to memory whenever the arena has moved, and runs them."""

    def __init__(self, lowered: Lowered, arena: Arena, pool: Pool, batch: int) -> None:
        self.lowered, self.arena, self.pool, self.batch = lowered, arena, pool, batch
        self.layout = lay_out(lowered.spans, guard=arena.guard)
        self.uses_numpy = any(isinstance(row, PythonRow) for row in self._rows())
        self._version = -1
        self._prepared: int | None = None
        self._prepare = self._table = BoundTable([], np.zeros((0, 4), np.int64), np.zeros(0))
        self._keep()

    def _rows(self) -> tuple[Row, ...]:
        return (*self.lowered.prepare, *self.lowered.rows)

    def _keep(self) -> None:
        for buffer in self.lowered.kept:
            buffer.memory, buffer.offset = allocate(buffer.nbytes), 0
        for value, number in self.lowered.fills:
            if value.buffer.memory is None:
                value.buffer.memory = allocate(value.buffer.nbytes)
            value.view()[...] = number

    def run(self, env: Environment, weights_version: int) -> None:
        """Run the rows on what the environment's values feed; backward included, if there is one.

        ``weights_version`` tells weights that have changed since the last call, after which what is
        made of weights alone is made again.
        """
        self._bind()
        lowered = self.lowered
        for name, value in lowered.feeds.items():
            array = np.ascontiguousarray(env.values[name])
            env.values[name] = array
            value.buffer.memory = array.reshape(-1).view(np.uint8)
        if self.arena.guarded:
            self.arena.mark(self.layout)
        if self._prepare.segments and self._prepared != weights_version:
            self._go(self._prepare, env)
            self._prepared = weights_version
        self._go(self._table, env)
        if self.arena.guarded:
            self.arena.check(self.layout)

    def _bind(self) -> None:
        self.arena.reserve(self.layout.size)
        if self._version == self.arena.version:
            return
        self.arena.lend(self.layout)
        routines = {
            row.routine.name: row.routine for row in self._rows() if isinstance(row, NativeRow)
        }
        if routines:
            from graphspec.engines.jit.compiler import native_all

            native_all((routine.name, routine.emit) for routine in routines.values())
        self._prepare = bind(self.lowered.prepare)
        self._table = bind(self.lowered.rows)
        self._version = self.arena.version

    def _go(self, table: BoundTable, env: Environment) -> None:
        table.feed()
        for segment in table.segments:
            if segment.python is not None:
                segment.python.call(env)
            else:
                self.pool.run(table.native, segment.first, segment.last)

    # --- What is asked of it afterwards ------------------------------------------------------

    def value(self, name: str, env: Environment) -> Array:
        """A kept value, as an array of the caller's own."""
        place = self.lowered.values[name]
        if isinstance(place, Value):
            return np.array(place.view(), order="C")
        return env.values[place]

    def mean(self, name: str, env: Environment) -> float:
        """The mean of a kept value."""
        place = self.lowered.values[name]
        array = place.view() if isinstance(place, Value) else env.values[place]
        return float(array.mean(dtype=np.float64))

    def gradient(self, name: str, env: Environment) -> Array | None:
        """A tapped gradient; None where no loss depends on the value."""
        place = self.lowered.gradients.get(name)
        if place is not None:
            return np.array(place.view(), order="C")
        return env.tapped.get(name)

    def statistics(self, env: Environment) -> Mapping[str, Array]:
        """The running statistics that the call has made, by full name."""
        native = {name: value.view() for name, value in self.lowered.statistics.items()}
        return {**native, **env.state}

    # --- Looking at it -----------------------------------------------------------------------

    @property
    def bytes(self) -> int:
        """Memory that the rows need besides weights and their gradients."""
        return self.layout.size + sum(buffer.nbytes for buffer in self.lowered.kept)

    def profile(
        self, env: Environment, after: Sequence[BoundTable], watch: Callable[[], object]
    ) -> list[float]:
        """Run it row by row, and give the seconds that each took, preparing rows first.

        ``after`` are run behind it, in the same way. What it takes to start all threads for nothing
        is not counted. ``watch`` is called after each row, and may raise to end it.
        """
        self.run(env, -1)
        seconds = []
        idle = {flag: self._idle(flag) for flag in (0, ALONE)}
        for table in (self._prepare, self._table, *after):
            table.feed()
            for segment in table.segments:
                for part in _rows_of(segment):
                    start = time.perf_counter()
                    if part.python is not None:
                        part.python.call(env)
                    else:
                        self.pool.run(table.native, part.first, part.last)
                    taken = time.perf_counter() - start
                    if part.python is None:
                        flag = int(table.native[part.first, 3]) & ALONE
                        taken = max(taken - idle[flag], 1e-8)
                    seconds.append(taken)
                    watch()
        return seconds

    def _idle(self, flag: int) -> float:
        """Seconds that a row without chunks takes."""
        empty = np.array([[0, 0, 0, flag]])
        seconds = float("inf")
        for _ in range(_EMPTY):
            start = time.perf_counter()
            self.pool.run(empty, 0, 1)
            seconds = min(seconds, time.perf_counter() - start)
        return seconds


def _rows_of(segment: Segment) -> list[Segment]:
    if segment.python is not None:
        return [segment]
    return [Segment(i, i + 1) for i in range(segment.first, segment.last)]
