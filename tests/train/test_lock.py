"""One writer a run: of many that race, one; and a killed one stands in nobody's way."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from graphspec.errors import RunError, RunLockedError
from graphspec.train import lock as locking
from graphspec.train.lock import RunLock, is_locked, kept_still
from graphspec.train.session import train_run
from tests.train.nets import new_run, points

HOLDER = """
import sys, time
from pathlib import Path
from graphspec.train.lock import RunLock
RunLock(Path(sys.argv[1])).acquire()
print("held", flush=True)
time.sleep(60)
"""


def start_holder(folder: Path) -> subprocess.Popen[str]:
    child = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "held\n"
    return child


def test_a_second_writer_is_told_who_holds_the_run(tmp_path: Path) -> None:
    child = start_holder(tmp_path)
    try:
        assert is_locked(tmp_path)
        with pytest.raises(RunLockedError, match=f"process {child.pid}"):
            RunLock(tmp_path).acquire()
    finally:
        child.kill()
        child.communicate()
    assert not is_locked(tmp_path)
    with RunLock(tmp_path):
        assert is_locked(tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="a folder with an open file stays there")
def test_a_writer_whose_run_is_renamed_while_it_waits_is_told(tmp_path: Path, monkeypatch) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    try_lock = locking._try_lock

    def late(handle: int) -> bool:
        monkeypatch.undo()
        with kept_still(folder):
            assert not try_lock(handle)
            folder.rename(tmp_path / "other")
        return try_lock(handle)

    monkeypatch.setattr(locking, "_try_lock", late)
    with pytest.raises(RunError, match="renamed or removed"):
        RunLock(folder).acquire()
    assert not is_locked(tmp_path / "other")


def race(folder: Path, writers: int) -> int:
    """How many of some threads, let loose at once, get the lock."""
    barrier = threading.Barrier(writers)
    locks = [RunLock(folder) for _ in range(writers)]
    won: list[RunLock] = []

    def grab(lock: RunLock) -> None:
        barrier.wait()
        try:
            lock.acquire()
        except RunLockedError:
            return
        won.append(lock)

    threads = [threading.Thread(target=grab, args=(lock,)) for lock in locks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for lock in locks:
        lock.release()
    return len(won)


def test_exactly_one_of_many_wins(tmp_path: Path) -> None:
    assert [race(tmp_path, 4) for _ in range(5)] == [1] * 5


@pytest.mark.slow
def test_exactly_one_of_many_wins_a_hundred_times(tmp_path: Path) -> None:
    assert [race(tmp_path, 4) for _ in range(100)] == [1] * 100


@pytest.mark.slow
def test_processes_race_and_a_killed_one_frees_the_run_at_once(tmp_path: Path) -> None:
    for _ in range(30):
        children = [
            subprocess.Popen(
                [sys.executable, "-c", HOLDER, str(tmp_path)],
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
            for _ in range(2)
        ]
        heard = [child.stdout.readline() for child in children if child.stdout]
        # The loser ends with an error, and its output with it.
        assert sorted(heard) == ["", "held\n"]
        for child in children:
            child.kill()
            child.communicate()
        with RunLock(tmp_path):
            pass


def test_probing_does_not_stand_in_the_way(tmp_path: Path) -> None:
    stop = threading.Event()

    def probe() -> None:
        while not stop.is_set():
            is_locked(tmp_path)

    threads = [threading.Thread(target=probe) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(50):
            with RunLock(tmp_path):
                pass
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_a_run_is_locked_while_it_trains(tmp_path: Path) -> None:
    run = new_run(tmp_path / "run")
    events = train_run(run.path, data=points())
    next(events)
    assert run.status == "running"
    with pytest.raises(RunLockedError):
        next(train_run(run.path, data=points()))
    with pytest.raises(RunLockedError):
        run.delete()
    events.close()  # type: ignore[attr-defined]
    assert run.status == "interrupted"


def test_errors_call_the_folder_what_it_is(tmp_path: Path) -> None:
    with RunLock(tmp_path), pytest.raises(RunLockedError) as raised:
        RunLock(tmp_path, "folder of unsaved work").acquire()
    assert str(raised.value).startswith(f"the folder of unsaved work {str(tmp_path)!r} is being")
    with pytest.raises(RunError) as refused:
        RunLock(tmp_path / "none", "folder of unsaved work").acquire()
    assert str(refused.value).startswith("cannot write to the folder of unsaved work '")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="this user may write anywhere")
def test_a_folder_that_cannot_be_written_to(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(RunError, match="cannot write"):
        RunLock(tmp_path).acquire()
