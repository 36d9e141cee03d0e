"""Garbage is collected in the UI thread alone.

Python collects cycles in whatever thread happens to allocate: a thread that reads a log would then
destroy widgets, which belong to the UI thread, and corrupt memory.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from PySide6.QtCore import QCoreApplication


@cache
def collect_here() -> Any:
    """From now on collect between events of this thread, once a second, and nowhere else."""
    from pyqtgraph.util.garbage_collector import GarbageCollector

    collector = GarbageCollector()
    collector.timer.setParent(QCoreApplication.instance())
    return collector
