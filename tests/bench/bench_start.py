"""How long one waits before anything happens."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from graphspec import document
from graphspec.check import find_problems
from graphspec.plan import compile_graph
from tests.bench.timing import report, typical_ms


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
