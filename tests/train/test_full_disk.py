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
