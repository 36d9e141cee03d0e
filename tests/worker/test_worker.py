"""The child process: every command through a real pipe."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from graphspec.train.checkpoint import read_arrays
from graphspec.train.events import Changed, Evaluated, Finished, Refused, Snapshot, Step
from graphspec.train.rundir import Run
from tests.train.nets import network, new_run
from tests.worker.child import Worker

# Long enough not to end by itself while a test talks to it.
LONG = {"data": "spiral", "epochs": 100_000, "evaluate_every": 500, "checkpoint_every": 500}


@pytest.fixture(name="run")
def _run(tmp_path: Path) -> Run:
    return new_run(tmp_path / "run", **LONG)


def started(worker: Worker) -> None:
    worker.wait_for(lambda event: isinstance(event, Step))


def test_it_trains_to_the_end(tmp_path: Path) -> None:
    run = new_run(tmp_path / "run", data="spiral", epochs=2)
    with Worker(run) as worker:
        # The input stays open; what ends the worker is its work.
        assert worker.wait() == 0
        assert worker.process.communicate() == (b"", b"")
    assert run.status == "finished"


def test_stop(run: Run) -> None:
    with Worker(run) as worker:
        started(worker)
        assert run.status == "running"
        worker.send("stop")
        assert worker.wait() == 0
    last = run.last
    assert isinstance(last, Finished)
    assert last.reason == "stopped"
    assert run.latest is not None
    assert run.latest.step == last.step


def test_the_end_of_the_input_saves_and_ends(run: Run) -> None:
    with Worker(run) as worker:
        started(worker)
        worker.close_input()
        assert worker.wait() == 0
    assert run.status == "stopped"
    assert run.latest is not None
    assert run.last is not None
    assert run.latest.step == run.last.step


def test_the_end_of_the_input_while_paused(run: Run) -> None:
    with Worker(run) as worker:
        worker.send("pause")
        worker.wait_for(lambda event: isinstance(event, Changed))
        worker.close_input()
        assert worker.wait() == 0
    assert run.status == "stopped"


def test_a_detached_worker_goes_on(tmp_path: Path) -> None:
    run = new_run(tmp_path / "run", data="spiral", epochs=20)
    with Worker(run, "--detached") as worker:
        worker.close_input()
        assert worker.wait() == 0
    assert run.status == "finished"


def test_a_worker_that_is_told_to_detach_goes_on(tmp_path: Path) -> None:
    run = new_run(tmp_path / "run", data="spiral", epochs=20)
    with Worker(run) as worker:
        worker.send("detach")
        worker.close_input()
        assert worker.wait() == 0
    assert run.status == "finished"


def test_a_detached_worker_does_not_stay_paused_for_ever(tmp_path: Path) -> None:
    run = new_run(tmp_path / "run", **LONG | {"steps": 2000})
    with Worker(run, "--detached") as worker:
        started(worker)
        worker.send("pause")
        worker.wait_for(lambda event: isinstance(event, Changed))
        worker.close_input()
        assert worker.wait() == 0
    assert run.status == "finished"


@pytest.mark.skipif(sys.platform == "win32", reason="a POSIX shell closes the descriptor")
@pytest.mark.parametrize(("options", "status"), [("--detached", "finished"), ("", "stopped")])
def test_no_input_at_all_is_an_input_that_has_ended(
    tmp_path: Path, options: str, status: str
) -> None:
    run = new_run(tmp_path / "run", **LONG | {"steps": 2000})
    command = f"{sys.executable} -m graphspec.worker {run.path} {options} <&-"
    done = subprocess.run(["sh", "-c", command], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert run.status == status


def test_pause_step_and_resume(run: Run) -> None:
    with Worker(run) as worker:
        started(worker)
        worker.send("pause")
        paused = worker.wait_for(lambda event: isinstance(event, Changed) and bool(event.value))
        worker.send("step")
        worker.send("step")
        worker.wait_for(lambda event: isinstance(event, Step) and event.step == paused.step + 2)
        worker.send("checkpoint")
        saved = worker.wait_for(
            lambda event: isinstance(event, Snapshot) and event.step == paused.step + 2
        )
        assert saved.what == "checkpoint"
        steps = [event.step for event in run.events if isinstance(event, Step)]
        assert steps[-1] == paused.step + 2
        worker.send("resume")
        worker.wait_for(lambda event: isinstance(event, Step) and event.step == paused.step + 3)
        worker.send("stop")
        assert worker.wait() == 0


def test_set_rate(run: Run) -> None:
    with Worker(run) as worker:
        started(worker)
        worker.send("set_rate", rate=0.25)
        change = worker.wait_for(lambda event: isinstance(event, Changed))
        step = worker.wait_for(lambda event: isinstance(event, Step) and event.step > change.step)
        before = next(e for e in run.events if isinstance(e, Step) and e.step == change.step)
        worker.send("stop")
        assert worker.wait() == 0
    # The schedule goes on from the new rate: 25 times the old one, but for one step's decay.
    assert step.rate / before.rate == pytest.approx(25, rel=0.01)


def test_taps_are_written_beside_the_log(run: Run) -> None:
    with Worker(run) as worker:
        taps = [{"node": "hidden"}, {"node": "scores", "what": "grad"}, {"node": "x"}]
        worker.send("taps", taps=taps)
        event = worker.wait_for(lambda event: isinstance(event, Snapshot))
        worker.send("stop")
        assert worker.wait() == 0
    assert event.what == "taps"
    arrays, _ = read_arrays(run.path / event.file)
    shapes = {name: array.shape for name, array in arrays.items()}
    assert shapes == {"hidden:value": (16, 8), "scores:grad": (16, 3), "x:value": (16, 2)}


BAD_LINES = [
    b"not json\n",
    b'{"do": "explode"}\n',
    b'{"do": "set_rate", "rate": -1}\n',
    b'{"do": "set_rate", "rate": "0.1"}\n',
    b'{"do": "set_rate", "rate": 1e999}\n',
    b'{"do": "taps", "taps": [{"node": "nowhere"}]}\n',
    b'{"do": "taps", "taps": [{"node": "label", "what": "grad"}]}\n',
    b"[" * 100_000 + b"\n",
    b"\xff\xfe\x00\n",
    b"x" * 3_000_000 + b"\n",
]


def test_bad_lines_are_answered_and_training_goes_on(run: Run) -> None:
    with Worker(run) as worker:
        for line in [b"\n", *BAD_LINES]:
            worker.write(line)

        def refused(events: Any) -> Any:
            found = [event for event in events if isinstance(event, Refused)]
            return found if len(found) >= len(BAD_LINES) else None

        answers = worker.wait_until(refused)
        last = max(answer.step for answer in answers)
        worker.wait_for(lambda event: isinstance(event, Step) and event.step > last)
        worker.send("stop")
        assert worker.wait() == 0
    assert all(answer.reason and len(answer.command) <= 200 for answer in answers)
    assert "nowhere" in answers[5].reason


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
def test_the_first_interrupt_saves_and_the_second_ends_at_once(run: Run) -> None:
    with Worker(run) as worker:
        started(worker)
        worker.process.send_signal(signal.SIGINT)
        assert worker.wait() == 0
    assert run.status == "stopped"
    with Worker(run) as worker:
        worker.send("pause")
        worker.wait_for(lambda event: isinstance(event, Changed) and bool(event.value))
        worker.send("resume")
        worker.process.send_signal(signal.SIGINT)
        worker.process.send_signal(signal.SIGINT)
        assert worker.wait() in (0, 1, -signal.SIGINT, 130)
    assert run.status in ("stopped", "interrupted")


def test_a_run_that_cannot_be_used(tmp_path: Path) -> None:
    run = new_run(tmp_path / "run")
    with Worker(run) as worker:
        # It names no data.
        assert worker.wait() == 1
        assert b"no data set" in worker.process.communicate()[1]
    assert run.status == "failed"
    (run.path / "spec.json").unlink()
    with Worker(run) as worker:
        assert worker.wait() == 2


def test_a_locked_run_is_left_alone(run: Run) -> None:
    with Worker(run) as first:
        started(first)
        with Worker(run) as second:
            assert second.wait() == 2
            assert b"another process" in second.process.communicate()[1]
        first.send("stop")
        assert first.wait() == 0


def test_infinity_fails_the_worker(tmp_path: Path) -> None:
    fields: dict[str, Any] = {**LONG, "update": {"kind": "sgd", "rate": 1e30}}
    run = new_run(tmp_path / "run", network({"kind": "linear", "id": "h", "units": 4}), **fields)
    with Worker(run) as worker:
        assert worker.wait() == 1
        assert b"not finite" in worker.process.communicate()[1]
    assert run.status == "failed"
    assert not any(isinstance(event, Evaluated) for event in run.events)
