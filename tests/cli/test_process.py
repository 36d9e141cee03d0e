"""What only a real process shows: the start, Ctrl+C, and standard output in a pipe."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest

from graphspec.train.rundir import find_run

COMMAND = [sys.executable, "-m", "graphspec.cli"]


def test_help_imports_neither_numpy_nor_pydantic() -> None:
    script = (
        "import sys; from graphspec.cli import main; main(['--help']); "
        "print([m for m in ('numpy', 'pydantic', 'graphspec.graph') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
    for command in ("check", "summary", "train", "resume", "evaluate", "predict", "runs", "data"):
        assert command in done.stdout


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT to send to another process")
def test_the_first_interrupt_saves_and_says_how_to_go_on(net, here) -> None:
    command = [*COMMAND, "train", str(net), "--run", "r", "--epochs", "1000000", "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=here)
    assert process.stdout is not None
    for line in process.stdout:
        if json.loads(line)["type"] == "step":
            break
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    run = find_run(here / "r")
    assert run.status == "stopped"
    assert run.latest.step == run.last.step


@pytest.mark.skipif(os.name == "nt", reason="Windows tells of closed pipes in other ways")
@pytest.mark.parametrize("words", [("version",), ("version", "--json"), ("schema",)], ids=" ".join)
def test_a_reader_that_has_enough_is_no_failure(words: tuple[str, ...]) -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([*COMMAND, *words], stdout=write, stderr=subprocess.PIPE, check=False)
    os.close(write)
    assert done.stderr == b""
    assert done.returncode == 141
