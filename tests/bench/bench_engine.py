"""The fast engine against the best of its peers, and the share of the processor that it uses.

A ratio is the peer's time over ours: above 1 we are faster. Training steps are held against
PyTorch (eager, channels-last, compiled), evaluations also against ONNX Runtime; the best one
counts. The same batch and rule on either side, no data loading, blocks in alternation.

``GRAPHSPEC_BENCH_COMPILED=0`` leaves torch.compile out, which takes half a minute for each
network. The figures are written into docs/figures.md; a part of the benches (``-k``) writes its own
rows alone.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from itertools import chain, count
from statistics import median
from typing import Any, NamedTuple

import numpy as np
import pytest

from graphspec import zoo
from graphspec.engines.base import Step
from graphspec.engines.choosing import why_not_jit
from graphspec.graph import GraphSpec
from graphspec.inspect.occlusion import occlude
from graphspec.inspect.probe import Probe
from graphspec.plan import compile_graph
from graphspec.recipe.preprocess.pipeline import Pipeline
from graphspec.recipe.rules.adam import Adam
from graphspec.recipe.rules.momentum import Momentum
from tests.bench.table import compared
from tests.bench.timing import against_best, alternate
from tests.bench.workloads import WORKLOADS, normed, resnet18_small, separable

torch = pytest.importorskip("torch")
pytest.importorskip("onnxruntime")
pytestmark = [
    pytest.mark.skipif(bool(why_not_jit("float32")), reason="no fast engine here"),
    # torch.compile imports parts of PyTorch that PyTorch itself calls old.
    pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning"),
]

RATE = 1e-4
COMPILED = os.environ.get("GRAPHSPEC_BENCH_COMPILED", "1") != "0"
THREADS = (1, 2)
PLACES_AT_ONCE = 25
PEAK = "peak"
"""Measured in turn with the steps: the clock, and what neighbours take of a core, change."""


class Training(NamedTuple):
    """A network to be trained, and what is promised of it on two threads."""

    make: Callable[[], GraphSpec]
    batch: int
    goal: float | None
    adam: bool = False


TRAININGS = {
    "W1": Training(lambda: WORKLOADS["W1"].spec, 64, 3.5),
    "W2": Training(lambda: WORKLOADS["W2"].spec, 64, 3.0),
    "W3": Training(lambda: WORKLOADS["W3"].spec, 128, 1.4),
    "W4": Training(lambda: WORKLOADS["W4"].spec, 16, 3.5),
    "W1 with batch norm": Training(normed, 64, 3.5),
    "W1 with Adam": Training(lambda: WORKLOADS["W1"].spec, 64, None, adam=True),
    "ResNet-18 at 64×64": Training(resnet18_small, 16, 2.0),
    "depthwise-separable": Training(separable, 16, None),
}
INFERENCES = {"alexnet": 0.9, "vgg16": 1.3, "resnet50": 0.9}
FEWER_BLOCKS = {"vgg16": 2}
"""At batch 32 each takes half a minute; all are warm by then, as their results are compared."""


def engine(threads: int) -> Any:
    from graphspec.engines.jit.engine import JitEngine

    return JitEngine(threads=threads)


def _warm_up(peers: Mapping[str, Callable[[], object]]) -> None:
    """What torch.compile takes for a first call is no part of its time."""
    for call in peers.values():
        call()


def _batch(plan: Any, size: int) -> tuple[str, Any, str, Any]:
    rng = np.random.default_rng(0)
    image, label = plan.inputs
    x = rng.standard_normal((size, *plan.inputs[image].shape), dtype=np.float32)
    return image, x, label, rng.integers(plan.inputs[label].classes, size=size)


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("name", TRAININGS)
def test_training(name, threads):
    from graphspec.engines.jit.explaining import explain, measure_peak
    from tests.bench.peers import torch_steps

    torch.set_num_threads(threads)
    torch.compiler.reset()
    training = TRAININGS[name]
    plan = compile_graph(training.make())
    executable = engine(threads).load(plan, seed=0)
    image, x, label, y = _batch(plan, training.batch)
    rule = Adam(rate=RATE) if training.adam else Momentum(rate=RATE, momentum=0.9)
    steps = count()

    def step() -> None:
        executable.train_step({image: x, label: y}, rule, Step(index=next(steps), rate=RATE))

    def make(parameters: Any) -> Any:
        if training.adam:
            return torch.optim.Adam(parameters, lr=RATE)
        return torch.optim.SGD(parameters, lr=RATE, momentum=0.9)

    peers = torch_steps(plan, dict(executable.weights()), x, y, make, compiled=COMPILED)
    _warm_up(peers)
    peaks: list[float] = []
    times = alternate(
        step, {**peers, PEAK: lambda: peaks.append(measure_peak(threads, typical=True))}
    )
    del times[PEAK]
    ratio = against_best(times)
    flops = sum(line.flops for line in explain(plan, batch=training.batch, threads=threads).lines)
    share = flops / (ratio.ours_ms / 1000) / median(peaks)
    goal = training.goal if threads == 2 else None
    compared(f"train {name}, batch {training.batch}", threads, ratio, goal, share)


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("batch", [1, 32])
@pytest.mark.parametrize("name", INFERENCES)
def test_inference(name, batch, threads):
    from tests.bench.peers import onnx_run, torch_runs

    torch.set_num_threads(threads)
    torch.compiler.reset()
    plan = compile_graph(zoo.load(name))
    executable = engine(threads).load(plan, seed=0)
    image, x, _, _ = _batch(plan, batch)
    weights = dict(executable.weights())
    peers = torch_runs(plan, weights, x, compiled=COMPILED)
    peers["ONNX Runtime"] = onnx_run(plan, weights, x, threads)
    output = plan.outputs[0]

    def run() -> Any:
        return executable.run({image: x}, outputs=[output]).values[output]

    got = run()
    for peer, call in peers.items():
        expected = call()
        np.testing.assert_allclose(got, expected, atol=1e-3 * np.abs(expected).max(), err_msg=peer)
    blocks, repeats = (5, 5) if batch == 1 else (FEWER_BLOCKS.get(name, 3), 1)
    ratio = against_best(alternate(run, peers, blocks, repeats))
    compared(f"evaluate {name}, batch {batch}", threads, ratio, INFERENCES[name])


@pytest.mark.parametrize("threads", THREADS)
def test_occlusion_sweep(threads):
    """A 224×224 image covered at 15×15 places, ResNet-18."""
    from tests.bench.peers import torch_runs

    torch.set_num_threads(threads)
    torch.compiler.reset()
    plan = compile_graph(zoo.load("resnet18"))
    executable = engine(threads).load(plan, seed=0)
    image, x, _, _ = _batch(plan, 1)
    probe = Probe(executable, Pipeline((), {}), image)

    sweep = chain.from_iterable(
        occlude(probe, x[0], size=56, stride=12, batch=PLACES_AT_ONCE) for _ in count()
    )
    tiles = np.repeat(x, PLACES_AT_ONCE, axis=0)
    peers = torch_runs(plan, dict(executable.weights()), tiles, compiled=COMPILED)
    _warm_up(peers)
    turns = 15 * 15 // PLACES_AT_ONCE
    times = alternate(lambda: next(sweep), peers, blocks=turns, repeats=1)
    whole = {name: [turns * time for time in taken] for name, taken in times.items()}
    compared("occlusion sweep, ResNet-18, 225 places", threads, against_best(whole))
