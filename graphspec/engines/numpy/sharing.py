"""Two threads that share the parts of a batch.

numpy lets go of the interpreter's lock while it computes. Parts depend on the sizes alone, and
each writes what no other does: the bits are the same for any number of threads.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np

THREADS = 2


def parts_of(batch: int, most: int) -> list[slice]:
    """Cut a batch evenly into parts of ``most`` examples or fewer: one, or an even number."""
    count = -(-batch // max(1, most))
    if count > 1:
        count = min(batch, count + count % 2)
    return [slice(batch * i // count, batch * (i + 1) // count) for i in range(count)]


def share(parts: list[slice], run: Callable[[slice, int], None]) -> None:
    """Call ``run(part, thread)`` for every part; an error of any thread is raised here.

    Whichever thread is free takes the next part: one may have its core to itself, and one not.
    """
    errors: list[BaseException] = []
    left = iter(parts)  # taken from under the interpreter's lock

    def work(thread: int) -> None:
        try:
            with np.errstate(all="ignore"):
                for part in left:
                    run(part, thread)
        except BaseException as error:
            errors.append(error)

    others = [threading.Thread(target=work, args=(i,)) for i in range(1, min(THREADS, len(parts)))]
    for other in others:
        other.start()
    work(0)
    for other in others:
        other.join()
    if errors:
        raise errors[0]
