"""A worker that is killed at random instants: the run ends with the bits of an undisturbed one."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from graphspec.train.checkpoint import read_state
from graphspec.train.events import Step
from graphspec.train.rundir import Run
from graphspec.train.session import train_run
from tests.train.nets import fresh, new_run
from tests.worker.child import Worker

FIELDS = {"data": "spiral", "epochs": 10, "checkpoint_every": 7, "evaluate_every": 11}


def train_killed(run: Run, delay: float) -> int:
    """Start a worker, kill it some time after its first step; how many steps are in the log."""
    with Worker(run) as worker:
        worker.wait_for(lambda event: isinstance(event, Step))
        time.sleep(delay)
        worker.process.kill()
        worker.process.wait(30)
    return sum(isinstance(event, Step) for event in run.events)


def assert_kills_leave_no_trace(folder: Path, kills: int, seed: int) -> None:
    whole = new_run(folder / "whole", **FIELDS)
    begun = time.monotonic()
    list(train_run(whole.path))
    duration = time.monotonic() - begun
    assert whole.latest is not None
    expected = read_state(whole.checkpoint_path(whole.latest))
    delays = random.Random(seed)
    interrupted = 0
    for number in range(kills):
        run = new_run(folder / f"run-{number}", **FIELDS)
        steps = train_killed(run, delays.uniform(0, min(duration, 0.4)))
        interrupted += run.status == "interrupted"
        list(train_run(run.path))
        assert run.status == "finished", steps
        assert run.latest is not None
        state = read_state(run.checkpoint_path(run.latest), run.latest.sha256)
        assert state.progress == expected.progress
        assert state.executable.generators == expected.executable.generators
        for name, array in expected.executable.arrays.items():
            assert state.executable.arrays[name].tobytes() == array.tobytes(), (steps, name)
        assert (state.loader.order == expected.loader.order).all()
        assert fresh(run.events) == fresh(whole.events)
    # A kill that comes too late proves nothing.
    assert interrupted >= kills // 2


def test_killed_ten_times(tmp_path: Path) -> None:
    assert_kills_leave_no_trace(tmp_path, 10, seed=1)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_killed_two_hundred_times(tmp_path: Path) -> None:
    assert_kills_leave_no_trace(tmp_path, 200, seed=2)
