"""Small networks, data and runs that the tests of training share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from graphspec.data.dataset import Dataset
from graphspec.graph import GraphSpec
from graphspec.recipe.config import TrainConfig
from graphspec.train.control import Control
from graphspec.train.events import Event, Step
from graphspec.train.rundir import Run
from graphspec.train.session import create_run, train_run

# Fast steps, every kind of state (slots, running statistics, a layer's generator), and a last
# batch that is smaller than the others.
FIELDS: dict[str, Any] = {
    "batch": 16,
    "epochs": 4,
    "update": {"kind": "adam", "rate": 0.01},
    "schedule": {"kind": "exponential", "k": 0.1},
    "penalties": [{"kind": "l2", "strength": 0.001}],
    "preprocess": [{"kind": "mean"}, {"kind": "std"}],
    "split": {"validation": 20},
    "checkpoint_every": 5,
    "checkpoint_seconds": None,
    "seed": 3,
}


def network(*middle: Mapping[str, Any], features: int = 2, classes: int = 3) -> GraphSpec:
    """A classifier of points; ``middle`` replaces its hidden layers."""
    layers: Sequence[Mapping[str, Any]] = middle or (
        {"kind": "linear", "id": "hidden", "units": 8},
        {"kind": "batch_norm", "id": "norm"},
        {"kind": "relu", "id": "relu"},
        {"kind": "dropout", "id": "drop", "drop": 0.25},
    )
    chain: list[dict[str, Any]] = []
    source = "x"
    for layer in layers:
        chain.append({**layer, "inputs": [source]})
        source = layer["id"]
    chain.append({"kind": "linear", "id": "scores", "units": classes, "inputs": [source]})
    chain.append({"kind": "softmax_loss", "id": "loss", "inputs": ["scores", "label"]})
    return GraphSpec.model_validate(
        {
            "name": "points",
            "inputs": {"x": {"shape": [features]}, "label": {"classes": classes}},
            "layers": chain,
            "outputs": ["scores"],
        }
    )


def linear() -> GraphSpec:
    """A linear classifier of points."""
    base = network()
    scores, loss = base.layers[-2:]
    return base.model_copy(update={"layers": (scores.model_copy(update={"inputs": ("x",)}), loss)})


def points(n: int = 90, features: int = 2, classes: int = 3) -> Dataset:
    """Three clouds of points."""
    rng = np.random.default_rng(0)
    y = np.arange(n) % classes
    centres = rng.normal(size=(classes, features)) * 2
    x = centres[y] + rng.normal(size=(n, features))
    return Dataset("points", x, y.astype(np.int64), tuple("abcdefghij"[:classes]))


def regression() -> GraphSpec:
    """A linear regression of one number."""
    return GraphSpec.model_validate(
        {
            "inputs": {"x": {"shape": [2]}, "target": {"shape": [1]}},
            "layers": [
                {"kind": "linear", "id": "guess", "units": 1, "inputs": ["x"]},
                {"kind": "l2_loss", "id": "loss", "inputs": ["guess", "target"]},
            ],
            "outputs": ["guess"],
        }
    )


def sums(n: int = 40) -> Dataset:
    """Points in the plane, and the sum of their coordinates as the target."""
    x = np.random.default_rng(0).normal(size=(n, 2))
    return Dataset("sums", x, x.sum(axis=1, keepdims=True))


def config(**changes: Any) -> TrainConfig:
    """The settings above, some of them changed."""
    return TrainConfig.model_validate({**FIELDS, **changes})


def new_run(path: Path, spec: GraphSpec | None = None, **changes: Any) -> Run:
    """A run that is ready to be trained."""
    return create_run(spec or network(), config(**changes), path)


def fresh(events: Sequence[Event]) -> list[dict[str, Any]]:
    """Events without what differs between two sessions that do the same."""
    skipped = ("started", "snapshot", "finished", "failed")
    return [event.model_dump(exclude={"time"}) for event in events if event.type not in skipped]


def follow(
    run: Run, act: Callable[[Control, int], object], until: int | None = None
) -> list[Event]:
    """Train a run; ``act`` is called after each step."""
    control = Control()
    events: Iterator[Event] = train_run(run.path, data=points(), control=control)
    seen = []
    for event in events:
        seen.append(event)
        if isinstance(event, Step):
            act(control, event.step)
            if event.step == until:
                break
    events.close()  # type: ignore[attr-defined]
    return seen
