"""Garbage goes in the UI thread, whoever makes it."""

from __future__ import annotations

import gc
import threading


def test_what_another_thread_leaves_behind_goes_in_this_one(qtbot):
    gone_in = []

    class Left:
        def __init__(self) -> None:
            self.cycle = self

        def __del__(self) -> None:
            gone_in.append(threading.current_thread())

    def work() -> None:
        Left()
        # Far more than Python's own threshold.
        assert len([[i] for i in range(100_000)]) == 100_000

    gc.collect()
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert gone_in == []
    keep = [[i] for i in range(2_000)]
    qtbot.waitUntil(lambda: gone_in == [threading.main_thread()])
    assert len(keep) == 2_000
