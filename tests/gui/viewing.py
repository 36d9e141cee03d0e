"""A small trained network, and a dock that looks into it, for the tests of the viewers."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from graphspec_gui.runs.shown import ShownRuns
from graphspec_gui.viewers.source import ProbeSource
from graphspec_gui.viewers.viewer import Viewer

from graphspec import api
from graphspec.graph import GraphSpec
from graphspec.train.rundir import Run

_V = TypeVar("_V", bound=Viewer)
TRAINING = {
    "data": "digits",
    "epochs": 1,
    "batch": 64,
    "update": {"kind": "adam", "rate": 0.01},
    "split": {"validation": 300},
    "preprocess": [{"kind": "mean", "per": "single"}, {"kind": "std", "per": "single"}],
    "augment": [{"kind": "random_flip"}],
}


def spec(**training: object) -> GraphSpec:
    """A convolutional network of ten digits."""
    return GraphSpec.model_validate(
        {
            "name": "digits net",
            "inputs": {"image": {"shape": [1, 8, 8]}, "label": {"classes": 10}},
            "layers": [
                {
                    "kind": "conv2d",
                    "id": "conv",
                    "inputs": ["image"],
                    "filters": 6,
                    "kernel": 3,
                    "pad": 1,
                },
                {"kind": "relu", "id": "relu", "inputs": ["conv"]},
                {"kind": "linear", "id": "scores", "inputs": ["relu"], "units": 10},
                {"kind": "softmax_loss", "id": "loss", "inputs": ["scores", "label"]},
            ],
            "outputs": ["scores"],
            "training": TRAINING | training,
        }
    )


def train(folder: Path, **training: object) -> Run:
    """Train it in a run of this folder."""
    return api.fit(spec(**training), run=folder, engine="numpy")


class Room:
    """Runs, a source and the docks that look through it; closed at the end of the test."""

    def __init__(self, qtbot) -> None:
        self.qtbot = qtbot
        self.runs = ShownRuns()
        self.source = ProbeSource(self.runs)

    def put(self, kind: type[_V], width: int = 900, height: int = 520) -> _V:
        """Show a dock."""
        made = kind(self.source)
        self.qtbot.addWidget(made)
        made.resize(width, height)
        made.show()
        return made

    def look_into(self, run: Run) -> None:
        """Bring a run to the front, and wait until its network is open."""
        self.runs.show(run)
        self.wait(lambda: self.source.network is not None)

    def wait(self, condition) -> None:
        self.qtbot.waitUntil(condition)
