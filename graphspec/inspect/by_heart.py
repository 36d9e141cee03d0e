"""Whether a network can learn a few examples by heart: one that cannot has a fault."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from graphspec import edit
from graphspec.data.splits import some
from graphspec.engines.base import Engine
from graphspec.errors import NonFiniteError
from graphspec.graph import GraphSpec
from graphspec.plan import compile_graph
from graphspec.recipe.config import TrainConfig
from graphspec.recipe.rules.adam import Adam
from graphspec.recipe.schedules.constant import Constant
from graphspec.train.events import Step
from graphspec.train.feeding import TrainingData
from graphspec.train.trainer import train

EXAMPLES = 20
"""How many are learnt (CS231n notes, Neural Networks 3, sanity checks: "e.g. 20 examples")."""
NEAR_ZERO = 0.01
"""The share of the first loss that counts as near zero."""
RATES = (1e-2, 1e-1, 1e-3)
"""Adam's rates that are tried in turn: small networks may need the second, deep ones the third."""
STEPS = 500
"""Updates with each of them."""
# What layers that draw in training are told by, so that they change nothing.
_NOISE = ("drop", "std")


@dataclass(frozen=True, slots=True)
class ByHeart:
    """How the best attempt went; ``loss`` and ``accuracy`` are those before its last update.

    ``learnt`` says whether every answer is right, where there are classes, and the loss is below a
    hundredth of ``first``, the loss at the beginning.
    """

    learnt: bool
    examples: int
    rate: float
    steps: int
    first: float
    loss: float
    accuracy: float | None


def learn_by_heart(
    spec: GraphSpec,
    data: TrainingData,
    config: TrainConfig,
    engine: Engine,
    progress: Callable[[float], object] = lambda _: None,
) -> ByHeart | None:
    """Train a copy on twenty examples until it knows them; None where the loss was never finite.

    It starts from first weights, with Adam at one rate after the other, and without penalties,
    constraints, augmentation, and what drops or disturbs at random.

    Args:
        spec: the network.
        data: its data, of whose training split some examples of every class are taken.
        config: the settings: the seed, the type and the initialisation are kept.
        engine: what computes.
        progress: is called with the share of the steps that are done; what it raises ends it.

    Source: CS231n notes, Neural Networks 3, sanity checks: overfit a tiny subset of data.
    """
    few = _some_examples(data)
    plan = compile_graph(_without_noise(spec), init=config.init)
    best: ByHeart | None = None
    for i, rate in enumerate(RATES):
        executable = engine.load(plan, seed=config.seed)
        steps: list[Step] = []
        try:
            for event in train(executable, few, _settings(config, rate)):
                if not isinstance(event, Step):
                    continue
                steps.append(event)
                progress((i + len(steps) / STEPS) / len(RATES))
                found = _described(steps, few, rate)
                if best is None or found.learnt or found.loss < best.loss:
                    best = found
                if found.learnt:
                    return found
        except NonFiniteError:
            continue
    return best


def _some_examples(data: TrainingData) -> TrainingData:
    x, y = data.parts["train"]
    labels = y if data.classes and y.ndim == 1 else None
    chosen = some(np.arange(len(x)), min(EXAMPLES, len(x)), labels)
    return replace(data, parts={"train": (x[chosen], y[chosen])}, mixed_classes=None)


def _without_noise(spec: GraphSpec) -> GraphSpec:
    for layer in spec.layers:
        for field in _NOISE:
            if layer.draws and field in type(layer).model_fields:
                spec = edit.set_field(spec, layer.id, field, 0.0)
    return spec


def _settings(config: TrainConfig, rate: float) -> TrainConfig:
    changes: dict[str, Any] = {
        "augment": (),
        "penalties": (),
        "constraints": (),
        "average": None,
        "early_stopping": None,
        "clip_norm": None,
        "schedule": Constant(),
        "update": Adam(rate=rate),
        "batch": EXAMPLES,
        "steps": STEPS,
        "log_every": 1,
        "drop_last": False,
    }
    return config.model_copy(update=changes)


def _described(steps: list[Step], few: TrainingData, rate: float) -> ByHeart:
    first, last = steps[0].loss, steps[-1]
    right = last.accuracy is None or last.accuracy == 1
    return ByHeart(
        learnt=right and last.loss <= NEAR_ZERO * abs(first),
        examples=few.sizes["train"],
        rate=rate,
        steps=len(steps),
        first=first,
        loss=last.loss,
        accuracy=last.accuracy,
    )
