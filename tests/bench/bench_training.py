"""Training steps of four networks on the numpy engine, against PyTorch where it is.

The ratio is PyTorch's time over ours, the better of eager and eager channels-last: above 1 we are
faster. Same batch, same rule (SGD with momentum), no data loading on either side. Two threads on
either side: the numpy engine's convolutions take a second one.
"""

from __future__ import annotations

from itertools import count

import numpy as np
import pytest

from graphspec.engines.base import Step
from graphspec.engines.numpy import NumpyEngine
from graphspec.plan import compile_graph
from graphspec.recipe.rules.momentum import Momentum
from tests.bench.table import compared
from tests.bench.timing import against_best, alternate, report, typical_ms
from tests.bench.workloads import WORKLOADS

RATE = 1e-4
GOALS = {"W1": 0.6, "W4": 1.2}


def prepared(name):
    workload = WORKLOADS[name]
    plan = compile_graph(workload.spec)
    executable = NumpyEngine().load(plan, seed=0)
    rng = np.random.default_rng(0)
    image, label = plan.inputs
    x = rng.standard_normal((workload.batch, *plan.inputs[image].shape), dtype=np.float32)
    y = rng.integers(plan.inputs[label].classes, size=workload.batch)
    rule, steps = Momentum(rate=RATE, momentum=0.9), count()
    feeds = {image: x, label: y}

    def step() -> None:
        executable.train_step(feeds, rule, Step(index=next(steps), rate=RATE))

    return executable, x, y, step


def momentum_of(torch):
    return lambda parameters: torch.optim.SGD(parameters, lr=RATE, momentum=0.9)


@pytest.mark.parametrize("name", WORKLOADS)
def test_step(name):
    _, x, _, step = prepared(name)
    time = typical_ms(step, repeats=5)
    report(f"{name}: a step of {len(x)} examples", f"{time:.1f} ms", f"{len(x) / time:.2f} k/s")


@pytest.mark.parametrize("name", WORKLOADS)
def test_against_pytorch(name):
    torch = pytest.importorskip("torch")
    from tests.bench.peers import torch_steps

    torch.set_num_threads(2)
    executable, x, y, step = prepared(name)
    weights = dict(executable.weights())
    peers = torch_steps(executable.plan, weights, x, y, momentum_of(torch), compiled=False)
    ratio = against_best(alternate(step, peers))
    compared(f"numpy engine: train {name}, batch {len(x)}", 2, ratio, GOALS.get(name))
