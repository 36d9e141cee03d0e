"""How the benches take times and print them."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from time import perf_counter


def typical_ms(call: Callable[[], object], repeats: int = 11) -> float:
    """Median time of a call in milliseconds, after one that is not counted."""
    call()
    times = []
    for _ in range(repeats):
        start = perf_counter()
        call()
        times.append(perf_counter() - start)
    return 1000 * median(times)


def report(what: str, measured: str, goal: str = "") -> None:
    """Print one line of the bench's table."""
    print(f"\n  {what:<58} {measured:>12}   {goal}", end="")
