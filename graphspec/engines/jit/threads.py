"""The threads of one executable."""

from __future__ import annotations

from graphspec.engines.jit.buffers import Array


class Pool:
    """Runs native rows."""

    def __init__(self, threads: int) -> None:
        self.threads = threads

    def run(self, native: Array, first: int, last: int) -> None:
        """Run rows [first, last) of a bound table."""
        raise NotImplementedError

    def close(self) -> None:
        """End the threads."""
