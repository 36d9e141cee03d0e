"""Training steps of the shipped networks on the numpy engine."""

from __future__ import annotations

from itertools import count

import numpy as np
import pytest

from graphspec import document, zoo
from graphspec.engines.base import Step
from graphspec.engines.numpy import NumpyEngine
from graphspec.plan import compile_graph
from graphspec.recipe.rules.momentum import Momentum
from tests.bench.timing import report, typical_ms


@pytest.mark.parametrize("name", ["mlp", "lenet5", "tiny_convnet", "cifar_convnet"])
def test_step(name):
    plan = compile_graph(document.load(zoo.models_dir() / f"{name}.json"))
    executable = NumpyEngine().load(plan, seed=0)
    rng = np.random.default_rng(0)
    batch = 64
    feeds = {
        key: rng.integers(shape.classes, size=batch)
        if shape.classes
        else rng.standard_normal((batch, *shape.shape), dtype=np.float32)
        for key, shape in plan.inputs.items()
    }
    rule = Momentum(rate=1e-4)
    steps = count()
    time = typical_ms(
        lambda: executable.train_step(feeds, rule, Step(index=next(steps), rate=1e-4)), repeats=5
    )
    report(f"{name}: a step of {batch} examples", f"{time:.1f} ms", f"{batch / time:.2f} k/s")
