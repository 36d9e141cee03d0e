"""Garbage is collected in the UI thread alone.

Python collects cycles in whatever thread happens to allocate: a thread that reads a log would then
destroy widgets, which belong to the UI thread, and corrupt memory.
"""

from __future__ import annotations

import gc
from functools import cache

from PySide6.QtCore import QCoreApplication, QTimer

INTERVAL = 1000
"""Milliseconds between two looks at how much there is to collect."""


@cache
def collect_here() -> QTimer:
    """From now on collect between events of this thread, once a second, and nowhere else."""
    gc.disable()
    gc.freeze()  # what has been imported stays
    timer = QTimer(QCoreApplication.instance())
    timer.timeout.connect(_collect)
    timer.start(INTERVAL)
    return timer


def pause() -> None:
    """Collect nothing for now: so much is being made that to look through it takes 0.1 s."""
    collect_here().stop()


def spare() -> None:
    """Look at nothing again that is there now, and collect from now on what is made."""
    gc.freeze()
    collect_here().start(INTERVAL)


def _collect() -> None:
    """Collect as many generations as are due; Python's own rule, which counts them in order."""
    due = 0
    for count, threshold in zip(gc.get_count(), gc.get_threshold(), strict=True):
        if count <= threshold:
            break
        due += 1
    if due:
        gc.collect(due - 1)
