"""Following real runs: one that has ended, one that is being trained by a real child process."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from pathlib import Path

import pytest
from graphspec_gui.runs.follower import RunFollower
from graphspec_gui.training.worker_process import STDERR, WorkerProcess

from graphspec import api
from graphspec.train.control import Pause, SetRate
from graphspec.train.control import Resume as Continue
from graphspec.train.lock import RunLock
from graphspec.train.rundir import Run
from tests.train.nets import network, new_run

LONG = {"data": "spiral", "epochs": 100_000, "evaluate_every": 500, "checkpoint_every": 500}


@pytest.fixture
def follow(qtbot):
    made = []

    def start(run: Run) -> RunFollower:
        made.append(RunFollower(run))
        return made[-1]

    yield start
    for follower in made:
        follower.close()


@pytest.fixture
def work(qtbot):
    made = []

    def start(run: Run) -> WorkerProcess:
        made.append(WorkerProcess(run.path))
        return made[-1]

    yield start
    for worker in made:
        worker.kill()
        assert worker.wait(60)


def test_a_run_that_has_ended_is_read_whole(qtbot, follow, tmp_path: Path):
    run = api.fit(network(), "spiral", run=tmp_path / "run", epochs=3)
    follower = follow(run)
    qtbot.waitUntil(lambda: follower.history.ended is not None and follower.status == "finished")
    steps = [event for event in run.events if event.type == "step"]
    losses = [event.loss for event in steps]
    assert follower.history.series["train/loss"].values.tolist() == losses


def test_one_that_is_closed_tells_nothing_more(qapp, follow, tmp_path: Path):
    follower = follow(api.fit(network(), "spiral", run=tmp_path / "run", epochs=3))
    told = []
    follower.advanced.connect(lambda: told.append(follower.history))
    while follower._reader._cursor is None:
        time.sleep(0.01)
    # What it has read is on the way to this thread by now.
    follower.close()
    qapp.processEvents()
    assert told == []


def test_a_child_process_is_steered_and_followed(qtbot, follow, work, tmp_path: Path):
    run = new_run(tmp_path / "run", **LONG)
    follower, worker = follow(run), work(run)
    qtbot.waitUntil(lambda: "train/loss" in follower.history.series)
    worker.send(SetRate(rate=0.0123))
    worker.send(Pause())
    qtbot.waitUntil(lambda: follower.history.paused)
    assert [c.value for c in follower.history.changes if c.field == "rate"] == [0.0123]
    worker.send(Continue())
    qtbot.waitUntil(lambda: not follower.history.paused)
    with qtbot.waitSignal(worker.ended) as ended:
        worker.stop()
    assert ended.args == [0, ""]
    qtbot.waitUntil(lambda: follower.status == "stopped")


@pytest.mark.skipif(sys.platform == "win32", reason="there are no signals")
def test_a_child_that_is_killed_is_told(qtbot, follow, work, tmp_path: Path):
    run = new_run(tmp_path / "run", **LONG)
    follower, worker = follow(run), work(run)
    qtbot.waitUntil(lambda: "train/loss" in follower.history.series)
    with qtbot.waitSignal(worker.ended) as ended:
        os.kill(worker.pid, signal.SIGKILL)
    assert ended.args[0] == -signal.SIGKILL
    assert not worker.send(Pause())
    qtbot.waitUntil(lambda: follower.status == "interrupted")


def test_a_child_that_cannot_begin_says_why(qtbot, work, tmp_path: Path):
    run = new_run(tmp_path / "run", **LONG)
    (run.path / "spec.json").write_text("{")
    worker = work(run)
    with qtbot.waitSignal(worker.ended) as ended:
        pass
    code, text = ended.args
    assert code == 2
    assert "damaged" in text


def test_one_that_is_turned_away_leaves_alone_what_the_other_one_said(qtbot, work, tmp_path: Path):
    run = new_run(tmp_path / "run", **LONG)
    (run.path / STDERR).write_text("said before\n")
    with RunLock(run.path):
        worker = work(run)
        with qtbot.waitSignal(worker.ended) as ended:
            pass
    code, text = ended.args
    assert code == 2
    assert "being written to by another process" in text
    assert "said before" not in text
    assert (run.path / STDERR).read_text().startswith("said before\n")


def test_one_that_is_left_running_goes_on_without_the_pipe(qtbot, follow, work, tmp_path: Path):
    run = new_run(tmp_path / "run", data="spiral", epochs=30)
    follower, worker = follow(run), work(run)
    qtbot.waitUntil(lambda: "train/loss" in follower.history.series)
    worker.leave_running()
    qtbot.waitUntil(lambda: follower.status == "finished")


def test_a_run_that_goes_on_from_an_earlier_checkpoint_is_read_anew(
    qtbot, follow, work, tmp_path: Path
):
    run = new_run(tmp_path / "run", **LONG | {"epochs": 40})
    worker = work(run)
    follower = follow(run)
    qtbot.waitUntil(lambda: len(follower.history.series.get("train/loss", ())) > 5)
    worker.kill()
    assert worker.wait(60)
    with qtbot.waitSignal(follower.restarted):
        work(run)
    qtbot.waitUntil(lambda: follower.status == "finished")
    steps = follower.history.series["train/loss"].steps
    assert (steps[1:] > steps[:-1]).all()


def test_one_that_is_removed_is_not_taken_for_the_next_that_is_made(qtbot, follow, tmp_path: Path):
    run = new_run(tmp_path / "run")
    follower = follow(run)
    qtbot.waitUntil(lambda: follower.opened)
    with qtbot.waitSignal(follower.gone) as gone:
        shutil.rmtree(run.path)
        new_run(tmp_path / "other")  # has the number of the folder that was removed, on some disks
    assert gone.args == [None]


@pytest.mark.qt_log_level_fail("WARNING")
def test_a_run_whose_disk_is_away_is_read_when_it_is_back(qtbot, follow, tmp_path: Path):
    run = api.fit(network(), "spiral", run=tmp_path / "runs" / "run", epochs=1)
    follower = follow(run)
    qtbot.waitUntil(lambda: follower.status == "finished")
    (tmp_path / "runs").rename(tmp_path / "away")
    # Not even a folder: other errors than that of a file that is not there.
    (tmp_path / "runs").write_text("")
    looks = follower._reader._looks
    qtbot.waitUntil(lambda: follower._reader._looks > looks + 4)
    assert follower.status == "finished"
    (tmp_path / "runs").unlink()
    (tmp_path / "away").rename(tmp_path / "runs")
    before = len(follower.history.series["train/loss"])
    with RunLock(run.path):
        qtbot.waitUntil(lambda: follower.status == "running")
    assert len(follower.history.series["train/loss"]) == before
