"""Holding BLAS to one thread while the numpy engine computes.

Two threads of OpenBLAS wait for each other by spinning: on a machine that does anything else they
took 2 to 7 times as long as one, and on an idle one they gained a tenth at most. One thread also
makes the bits of a result independent of the machine's number of cores.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from threadpoolctl import OpenBLASController, ThreadpoolController

_lock = threading.Lock()
_inside = 0
_limit: Any = None


@cache
def _blas() -> ThreadpoolController:
    return ThreadpoolController().select(user_api="blas")


@contextmanager
def one_thread() -> Iterator[None]:
    """Hold BLAS to one thread in this block; the number of before comes back after the last one.

    The number belongs to the process, so blocks of several Python threads are counted.
    """
    global _inside, _limit
    with _lock:
        if _inside == 0:
            _limit = _blas().limit(limits=1)
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0:
                _restore()


def _restore() -> None:
    """Give back the number of threads; whichever thread is last may do so, not only the first."""
    global _limit
    OpenBLASController.clear_controlling_thread(force=True)
    _limit.restore_original_limits()
    OpenBLASController.clear_controlling_thread(force=True)
    _limit = None
