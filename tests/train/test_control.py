"""Commands: how lines are read, and what Ctrl+C does."""

from __future__ import annotations

import signal
import threading

import pytest

from graphspec.train.control import (
    Control,
    Pause,
    SetRate,
    Stop,
    TakeTaps,
    TapRequest,
    Unreadable,
    parse_command,
    stop_on_interrupt,
)


def test_lines() -> None:
    assert parse_command(b'{"do": "pause"}') == Pause()
    assert parse_command(b'{"do": "set_rate", "rate": 0.5}') == SetRate(rate=0.5)
    assert parse_command(b'{"do": "taps", "taps": [{"node": "a", "what": "grad"}]}') == TakeTaps(
        taps=(TapRequest(node="a", what="grad"),)
    )


@pytest.mark.parametrize(
    "line", [b"", b"null", b"{}", b'{"do": 3}', b'{"do": "stop", "now": true}', b"[" * 10**6]
)
def test_bad_lines_become_values(line: bytes) -> None:
    command = parse_command(line)
    assert isinstance(command, Unreadable)
    assert command.reason
    assert len(command.command) <= 200


def test_commands_come_in_order_and_waiting_waits() -> None:
    control = Control()
    assert control.take() is None
    threading.Timer(0.05, control.stop).start()
    assert control.take(wait=True) == Stop()
    control.pause()
    control.set_rate(0.1)
    assert [control.take(), control.take(), control.take()] == [Pause(), SetRate(rate=0.1), None]


def interrupt_twice(control: Control) -> None:
    with stop_on_interrupt(control):
        signal.raise_signal(signal.SIGINT)
        assert control.take() == Stop()
        signal.raise_signal(signal.SIGINT)


def test_the_first_interrupt_stops_and_the_second_raises() -> None:
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        interrupt_twice(Control())
    assert signal.getsignal(signal.SIGINT) is before


def test_another_thread_leaves_signals_alone() -> None:
    before = signal.getsignal(signal.SIGINT)
    seen: list[object] = []

    def run() -> None:
        with stop_on_interrupt(Control()):
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert seen == [before]
