"""No kernel reads or writes beside an array: each lies at a wall, in a process that may die."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(os.name == "nt", reason="walls are made by mprotect")
QUICK = {("behind", "convolutions"), ("behind", "updates")}
PARTS = ("convolutions", "any_convolution", "others", "updates", "layers", "graphs")


def run(edge: str, part: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.engines.jit.fenced", edge, part]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("edge", "part"),
    [
        pytest.param(edge, part, marks=() if (edge, part) in QUICK else pytest.mark.slow)
        for part in PARTS
        for edge in ("behind", "front")
    ],
)
def test_nothing_passes_the_walls(edge: str, part: str) -> None:
    done = run(edge, part)
    at = done.stdout.splitlines()[-1:]
    assert done.returncode == 0, f"at {at}\n{done.stderr[-3000:]}"
    assert at


@pytest.mark.parametrize("edge", ["behind", "front"])
def test_who_passes_a_wall_dies(edge: str) -> None:
    done = run(edge, "passes_the_wall")
    assert done.stdout == "now it passes\n"
    assert done.returncode in (-signal.SIGSEGV, -signal.SIGBUS)
