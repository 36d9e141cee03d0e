"""A write that fails: no false success, and what was saved before survives."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from graphspec import atomic
from graphspec.errors import RunError
from graphspec.train import checkpoint
from graphspec.train.checkpoint import read_state
from graphspec.train.control import Control
from graphspec.train.events import Changed, Event, Failed, Finished, Snapshot
from graphspec.train.rundir import Run
from graphspec.train.session import train_run
from tests.train.nets import fresh, new_run, points

FIELDS: dict[str, Any] = {"steps": 8, "checkpoint_every": 4, "log_every": 2}


class Disk:
    """Counts writes, and makes one of them, and all after it, fail as on a full disk."""

    def __init__(self) -> None:
        self.writes = 0
        self.full_at: int | None = None

    def use(self) -> None:
        self.writes += 1
        if self.full_at is not None and self.writes > self.full_at:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def through(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*arguments: Any, **options: Any) -> Any:
            self.use()
            return call(*arguments, **options)

        return wrapped


@pytest.fixture(name="disk")
def _disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    disk = Disk()
    monkeypatch.setattr(os, "write", disk.through(os.write))
    monkeypatch.setattr(checkpoint, "save_file", disk.through(checkpoint.save_file))
    monkeypatch.setattr(atomic, "_flush_file", disk.through(atomic._flush_file))
    monkeypatch.setattr(os, "replace", disk.through(os.replace))
    yield disk
    disk.full_at = None


def test_every_write_fails_in_turn(tmp_path: Path, disk: Disk) -> None:
    whole = new_run(tmp_path / "whole", **FIELDS)
    disk.writes = 0
    list(train_run(whole.path, data=points()))
    total = disk.writes
    assert total > 25
    for full_at in range(total):
        run = new_run(tmp_path / f"full-{full_at}", **FIELDS)
        disk.writes, disk.full_at = 0, full_at
        with pytest.raises(RunError, match="No space left on device") as caught:
            list(train_run(run.path, data=points()))
        disk.full_at = None
        assert "resume" in str(caught.value)
        assert run.status in ("new", "interrupted", "failed")
        for entry in run.checkpoints:
            assert read_state(run.checkpoint_path(entry), entry.sha256).progress.step == entry.step
        list(train_run(run.path, data=points()))
        assert run.status == "finished"
        assert fresh(run.events) == fresh(whole.events)
        assert run.latest is not None
        assert whole.latest is not None
        saved = read_state(run.checkpoint_path(run.latest)).executable.arrays
        expected = read_state(whole.checkpoint_path(whole.latest)).executable.arrays
        assert all(array.tobytes() == expected[name].tobytes() for name, array in saved.items())


def is_pause(event: Event) -> bool:
    return isinstance(event, Changed) and event.field == "paused"


def assert_as_if_never_full(run: Run, whole: Run) -> None:
    """The same history but for the pauses, and the same bits."""
    history = [event for event in run.events if not is_pause(event)]
    assert fresh(history) == fresh(whole.events)
    snapshots = [[e.file for e in r.events if isinstance(e, Snapshot)] for r in (run, whole)]
    assert snapshots[0] == snapshots[1]
    assert [entry.file for entry in run.checkpoints] == [entry.file for entry in whole.checkpoints]
    for entry, expected in zip(run.checkpoints, whole.checkpoints, strict=True):
        a = read_state(run.checkpoint_path(entry), entry.sha256).executable.arrays
        b = read_state(whole.checkpoint_path(expected), expected.sha256).executable.arrays
        assert all(array.tobytes() == b[name].tobytes() for name, array in a.items())


def test_a_watched_training_pauses_at_every_write_in_turn_and_goes_on(
    tmp_path: Path, disk: Disk
) -> None:
    whole = new_run(tmp_path / "whole", **FIELDS)
    disk.writes = 0
    began = 0
    for _ in train_run(whole.path, data=points(), control=Control()):
        began = began or disk.writes
    total = disk.writes
    # What is written before the first step can fail: nothing is lost by that.
    first = began + 4
    assert total - first > 15
    for full_at in range(first, total):
        run = new_run(tmp_path / f"full-{full_at}", **FIELDS)
        disk.writes, disk.full_at = 0, full_at
        control = Control()
        seen: list[Event] = []
        for event in train_run(run.path, data=points(), control=control):
            seen.append(event)
            if isinstance(event, Changed) and event.value:
                assert "No space left on device" in event.reason
                assert "make room" in event.reason
                disk.full_at = None
                control.resume()
        disk.full_at = None
        assert [event.value for event in seen if is_pause(event)] == [True, False]
        assert isinstance(seen[-1], Finished)
        assert seen[-1].reason == "complete"
        assert run.status == "finished"
        assert_as_if_never_full(run, whole)


def test_it_tries_again_by_itself(
    tmp_path: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("graphspec.train.keeping._RETRY_SECONDS", 0.01)
    whole = new_run(tmp_path / "whole", **FIELDS)
    list(train_run(whole.path, data=points()))
    run = new_run(tmp_path / "run", **FIELDS)
    disk.writes, disk.full_at = 0, 15
    for event in train_run(run.path, data=points(), control=Control()):
        if is_pause(event):
            disk.full_at = None
    assert_as_if_never_full(run, whole)


def test_a_stop_while_it_waits_ends_with_the_reason(tmp_path: Path, disk: Disk) -> None:
    run = new_run(tmp_path / "run", **FIELDS)
    control = Control()
    disk.writes, disk.full_at = 0, 15
    seen: list[Event] = []

    def watch() -> None:
        for event in train_run(run.path, data=points(), control=control):
            seen.append(event)
            if is_pause(event):
                control.stop()

    with pytest.raises(RunError, match=r"No space left on device.*resume"):
        watch()
    disk.full_at = None
    assert [event.value for event in seen if is_pause(event)] == [True]
    assert isinstance(seen[-1], Failed)
    whole = new_run(tmp_path / "whole", **FIELDS)
    list(train_run(whole.path, data=points()))
    list(train_run(run.path, data=points()))
    assert_as_if_never_full(run, whole)


def test_commands_that_come_while_it_waits_are_followed_afterwards(
    tmp_path: Path, disk: Disk
) -> None:
    run = new_run(tmp_path / "run", **FIELDS)
    control = Control()
    disk.writes, disk.full_at = 0, 15
    rates: list[tuple[int, float]] = []
    for event in train_run(run.path, data=points(), control=control):
        if isinstance(event, Changed) and event.field == "paused" and event.value:
            disk.full_at = None
            control.set_rate(0.5)
            control.resume()
        if isinstance(event, Changed) and event.field == "rate":
            rates.append((event.step, float(event.value)))
    assert [rate for _, rate in rates] == [0.5]
    assert run.status == "finished"


def test_a_read_only_folder_pauses_too(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("nothing is read-only for root")
    run = new_run(tmp_path / "run", **FIELDS)
    control = Control()
    reasons = []
    for event in train_run(run.path, data=points(), control=control):
        folder = run.path / "checkpoints"
        if isinstance(event, Snapshot) and not reasons:
            folder.chmod(0o500)
        if isinstance(event, Changed) and event.value:
            reasons.append(event.reason)
            folder.chmod(0o700)
            control.resume()
    assert len(reasons) == 1
    assert "Permission denied" in reasons[0]
    assert run.status == "finished"
