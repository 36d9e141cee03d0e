"""The time of day is set forward and back while runs are trained: what is told of them holds."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from graphspec.train.control import Control
from graphspec.train.events import Changed, SessionClock
from graphspec.train.facts import facts_of
from graphspec.train.rundir import Run
from tests.train.nets import follow, new_run

HOUR = 3600.0
Set = Callable[[float], None]


@pytest.fixture(name="set_clock")
def _set_clock(monkeypatch: pytest.MonkeyPatch) -> Set:
    """Set the clock on the wall so many seconds off."""
    off = [0.0]
    right = time.time
    monkeypatch.setattr(time, "time", lambda: right() + off[0])

    def to(seconds: float) -> None:
        off[0] = seconds

    return to


def train(run: Run, at: dict[int, Callable[[Control], object]], until: int | None = None) -> None:
    """Train it; call what stands at a step once it has been made."""
    follow(run, lambda control, step: at.get(step, lambda _: None)(control), until)


@pytest.mark.parametrize("off", [HOUR, -HOUR])
def test_durations_do_not_follow_a_clock_that_is_set(
    tmp_path: Path, set_clock: Set, off: float
) -> None:
    run = new_run(tmp_path / "run")
    set_clock(-2 * HOUR)
    train(run, {7: lambda _: set_clock(off)})
    times = [event.time for event in run.events]
    assert np.diff(times).min() >= 0
    seconds = facts_of(run).seconds
    assert seconds is not None
    assert 0 <= seconds == times[-1] - times[0] < HOUR
    assert times[0] < time.time() - off - HOUR  # the time of day when it began


def test_a_run_goes_on_from_where_its_time_was(tmp_path: Path, set_clock: Set) -> None:
    run = new_run(tmp_path / "run")
    train(run, {}, until=9)
    set_clock(-HOUR)
    train(run, {})
    times = [event.time for event in run.events]
    assert np.diff(times).min() >= 0
    assert facts_of(run).seconds < HOUR


def test_the_later_of_two_changes_counts_though_the_clock_says_otherwise(
    tmp_path: Path, set_clock: Set
) -> None:
    run = new_run(tmp_path / "run")
    train(run, {7: lambda control: control.set_rate(0.5)}, until=9)
    set_clock(-HOUR)
    # From the checkpoint before, another rate at the same place; and once more as it is.
    train(run, {6: lambda control: control.set_rate(0.25)}, until=9)
    set_clock(-2 * HOUR)
    train(run, {7: lambda control: control.set_rate(0.125)}, until=9)
    set_clock(-3 * HOUR)
    train(run, {}, until=9)
    changes = [(event.step, event.value) for event in run.events if isinstance(event, Changed)]
    assert changes == [(6, 0.25), (7, 0.125)]


def test_a_log_whose_time_goes_back_has_no_negative_duration(tmp_path: Path) -> None:
    run = new_run(tmp_path / "run")
    train(run, {}, until=3)
    log = run.path / "events.jsonl"
    last = run.last
    assert last is not None
    late = last.model_copy(update={"time": last.time - HOUR})
    log.write_bytes(log.read_bytes() + late.to_line())
    assert facts_of(run).seconds == 0


def test_a_session_never_begins_before_what_is_logged() -> None:
    later = time.time() + HOUR
    clock = SessionClock(after=later)
    assert later <= clock() <= clock() < later + HOUR
