"""How the benches take times and print them."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from time import perf_counter, sleep
from typing import NamedTuple

Call = Callable[[], object]

LONG_MS = 2000


def typical_ms(call: Call, repeats: int = 11) -> float:
    """Median time of a call in milliseconds, after one that is not counted.

    One that takes seconds is counted, and is all: what it starts with is a small part of it.
    """
    first = _ms(call)
    return first if first > LONG_MS else median(_ms(call) for _ in range(repeats))


def _ms(call: Call) -> float:
    start = perf_counter()
    call()
    return 1000 * (perf_counter() - start)


def alternate(
    ours: Call, peers: dict[str, Call], blocks: int = 5, repeats: int = 5
) -> dict[str, list[float]]:
    """Median times of blocks that alternate, so that all meet the same moods of the machine.

    A peer's threads go on spinning after a call: before each block there is a pause and a step
    that is not counted.
    """
    times: dict[str, list[float]] = {"ours": [], **{name: [] for name in peers}}
    for _ in range(blocks):
        for name, call in {"ours": ours, **peers}.items():
            sleep(0.01)
            times[name].append(typical_ms(call, repeats))
    return times


class Ratio(NamedTuple):
    """The best peer's time over ours: above 1 we are faster. ``peers`` has the times of all."""

    ours_ms: float
    peers: dict[str, float]
    middle: float
    lowest: float
    highest: float


def against_best(times: dict[str, list[float]]) -> Ratio:
    """Our times against those of the peer whose median is the lowest, block by block."""
    ours = times["ours"]
    peers = {name: median(taken) for name, taken in times.items() if name != "ours"}
    best = times[min(peers, key=lambda name: peers[name])]
    ratios = [theirs / own for theirs, own in zip(best, ours, strict=True)]
    return Ratio(median(ours), peers, median(ratios), min(ratios), max(ratios))


def report(what: str, measured: str, goal: str = "") -> None:
    """Print one line of the bench's table."""
    print(f"\n  {what:<58} {measured:>12}   {goal}", end="")
