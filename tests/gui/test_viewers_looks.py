"""The thread that answers the viewers: in turn, and what comes again and again the less often."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from graphspec_gui.viewers.looks import Looks


@pytest.fixture
def looks(qtbot) -> Iterator[Looks]:
    made = Looks()
    yield made
    made.close()


def work(seconds: float) -> Iterator[float]:
    """Takes so much of the processor, of which 0.5 % make it rest for a minute and more."""
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass
    yield seconds


def test_what_was_asked_before_waits_while_a_training_goes_on(qtbot, looks):
    answers: list[str] = []

    def ask(key: str, about: object, seconds: float = 0.0) -> None:
        looks.ask(key, lambda: work(seconds), lambda _: answers.append(key), about=about)

    looks.gentle = True
    ask("counted", "conv1", 0.4)
    qtbot.waitUntil(lambda: not looks.asks("counted"))
    assert answers == ["counted"]
    assert looks.rests("counted")
    # The same of newer weights has to wait, others have not.
    ask("counted", "conv1")
    ask("map", "conv1")
    qtbot.waitUntil(lambda: not looks.asks("map"))
    assert answers == ["counted", "map"]
    assert looks.asks("counted")
    # Somebody has turned to another layer.
    ask("counted", "conv2")
    qtbot.waitUntil(lambda: not looks.asks("counted"))
    assert answers == ["counted", "map", "counted"]


def test_nothing_waits_while_nothing_is_trained(qtbot, looks):
    answers: list[float] = []
    for _ in range(2):
        looks.ask("counted", lambda: work(0.2), answers.append, about="conv1")
        qtbot.waitUntil(lambda: not looks.asks("counted"))
    assert answers == [0.2, 0.2]
    assert not looks.rests("counted")


def test_newer_weights_do_not_keep_an_answer_from_coming(qtbot, looks):
    """They come sooner than a long question is answered, again and again."""
    go_on, answers = threading.Semaphore(1), []

    def slow(name: str) -> Iterator[str]:
        for part in range(3):
            assert go_on.acquire(timeout=30)
            yield f"{name} {part}"

    def ask(name: str, about: str = "all") -> None:
        looks.ask("counted", lambda: slow(name), answers.append, about=about)

    looks.gentle = True
    ask("first")
    qtbot.waitUntil(lambda: answers == ["first 0"])
    ask("second")
    ask("third")
    go_on.release(5)
    qtbot.waitUntil(lambda: len(answers) == 3)
    assert looks.asks("counted")
    looks.gentle = False
    qtbot.waitUntil(lambda: not looks.asks("counted"), timeout=20_000)
    assert answers == [f"{name} {part}" for name in ("first", "third") for part in range(3)]
    # Whoever cancels, or turns to something else, wants neither.
    looks.gentle = True
    for _ in range(2):
        ask("first")
        ask("second")
    ask("other", about="else")
    go_on.release(9)
    qtbot.waitUntil(lambda: not looks.asks("counted"))
    assert answers[6:] == [f"other {part}" for part in range(3)]
