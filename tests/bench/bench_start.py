"""How long one waits before anything happens."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

import pytest

from graphspec import document
from graphspec.check import find_problems
from graphspec.engines.choosing import usable_cores, why_not_jit
from graphspec.plan import compile_graph
from tests.bench.table import Row, write
from tests.bench.timing import report, typical_ms

# Opens the app, and tells how long ago it was started: once its window has been painted, and once
# its docks are filled.
STUDIO = """
import os, sys, time
import graphspec_gui
from PySide6.QtCore import QTimer
from graphspec_gui import app

begin = app._begin

def tell():
    print(time.time() - float(sys.argv[1]), flush=True)

def up(window, names):
    tell()
    begin(window, names)
    timer = QTimer(window)
    timer.timeout.connect(lambda: filled(window))
    timer.start(20)

def filled(window):
    if all(dock.widget() for dock in window.docks.values()):
        tell()
        os._exit(0)

app._begin = up
app.main([])
"""


def test_the_studio_is_up(tmp_path):
    pytest.importorskip("PySide6", reason="the desktop app is not installed")
    homes = {name: str(tmp_path) for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")}
    environment = {
        **os.environ, **homes, "QT_QPA_PLATFORM": "offscreen", "PYTHONDONTWRITEBYTECODE": ""
    }  # fmt: skip
    times = []
    # The first one compiles what the installation of a package compiles.
    for _ in range(6):
        done = subprocess.run(
            [sys.executable, "-c", STUDIO, str(time.time())],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=True,
        )
        times.append([float(word) for word in done.stdout.split()])
    up, filled = (sorted(column) for column in zip(*times[1:], strict=True))
    for what, taken, goal in (
        ("the studio's window is up", up, "goal 1.5 s"),
        ("its docks are filled", filled, ""),
    ):
        report(what, f"{median(taken):.2f} s ({taken[0]:.2f} to {taken[-1]:.2f})", goal)


@pytest.mark.parametrize(
    ("what", "arguments", "goal"),
    [
        ("import graphspec", ["-c", "import graphspec"], "at most 350 ms more than Python"),
        ("import what fit needs", ["-c", "import graphspec; graphspec.fit"], ""),
        ("graphspec --help", ["-m", "graphspec.cli", "--help"], "below 300 ms more than Python"),
    ],
)
def test_start(what, arguments, goal):
    def start(*words: str) -> object:
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
        return subprocess.run(
            [sys.executable, *words], env=environment, stdout=subprocess.DEVNULL, check=True
        )

    bare = typical_ms(lambda: start("-c", ""))
    whole = typical_ms(lambda: start(*arguments))
    report(what, f"{whole - bare:.0f} ms", f"{goal} (Python itself: {bare:.0f} ms)")


FIRST_STEP = """
import time
import numpy as np
from graphspec import zoo
from graphspec.engines.base import Step
from graphspec.engines.choosing import open_engine
from graphspec.plan import compile_graph
from graphspec.recipe.rules.momentum import Momentum

plan = compile_graph(zoo.load("cifar_convnet"))
executable = open_engine("jit", "float32").load(plan, seed=0)
feeds = {"image": np.zeros((64, 3, 32, 32), np.float32), "label": np.zeros(64, np.int64)}
executable.train_step(feeds, Momentum(rate=0.01), Step(index=0, rate=0.01))
print(time.time())
"""


@pytest.mark.parametrize(("cache", "goal", "runs"), [("empty", 3, 3), ("warm", 1, 7)])
@pytest.mark.skipif(bool(why_not_jit("float32")), reason="no fast engine here")
def test_the_first_step(cache, goal, runs, tmp_path):
    """From the start of the process to the end of the first step of ``cifar_convnet``.

    Python finds its bytecode, as it does from the second start on: one is made that is not counted.
    """

    def seconds(folder: Path) -> float:
        environment = {**os.environ, "XDG_CACHE_HOME": str(folder), "PYTHONDONTWRITEBYTECODE": ""}
        command = [sys.executable, "-c", FIRST_STEP]
        begun = time.time()
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
        return float(done.stdout) - begun

    warm = tmp_path / "warm"
    seconds(warm)
    taken = [seconds(warm if cache == "warm" else tmp_path / str(i)) for i in range(runs)]
    spread = f"{median(taken):.2f} s ({min(taken):.2f}–{max(taken):.2f})"
    what = f"start to the first step of cifar_convnet, {cache} cache"
    report(what, spread, f"≤ {goal} s")
    write(Row(what, usable_cores(), "", f"≤ {goal} s", spread))


def test_a_thousand_layers():
    layers = [{"id": "in", "kind": "linear", "units": 64, "inputs": ["x"]}]
    for i in range(1, 999):
        kind = {"kind": "relu"} if i % 2 else {"kind": "linear", "units": 64}
        layers.append({"id": f"l{i}", **kind, "inputs": [layers[-1]["id"]]})
    layers.append({"id": "loss", "kind": "softmax_loss", "inputs": ["l998", "y"]})
    text = json.dumps(
        {
            "format": "graphspec/1",
            "name": "tall",
            "inputs": {"x": {"shape": [64]}, "y": {"classes": 64}},
            "layers": layers,
            "outputs": ["l998"],
        }
    )
    spec = document.loads(text)
    assert find_problems(spec) == ()
    report("read 1,000 layers", f"{typical_ms(lambda: document.loads(text)):.1f} ms")
    both = typical_ms(lambda: (find_problems(spec), compile_graph(spec)))
    report("check and compile 1,000 layers", f"{both:.1f} ms", "at most 50 ms")
