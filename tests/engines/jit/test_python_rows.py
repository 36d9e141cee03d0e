"""Every shipped model trains through Python rows alone, with the numpy engine's bits."""

from __future__ import annotations

import numpy as np
import pytest

from graphspec import document, zoo
from graphspec.engines.base import Step, Tap
from graphspec.engines.jit.engine import JitEngine
from graphspec.engines.numpy import NumpyEngine
from graphspec.plan import compile_graph
from graphspec.recipe.rules.momentum import Momentum
from tests.engines.nets import batch

HEAVY = {"alexnet", "alexnet_grouped", "googlenet", "resnet18", "resnet50", "squeezenet"}
HEAVY |= {"vgg16", "vgg19", "zfnet"}


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.slow if name in HEAVY else ()) for name in zoo.names()],
)
def test_python_rows_have_the_numpy_engines_bits(name: str) -> None:
    spec = document.load(zoo.models_dir() / f"{name}.json")
    plan = compile_graph(spec)
    theirs = NumpyEngine().load(plan, seed=3)
    ours = JitEngine(threads=1, lowerings={}).load(plan, seed=3)
    taps = (Tap(plan.nodes[0].id), Tap(plan.nodes[0].id, "grad"))
    for index in range(2):
        feeds = batch(spec, 2, seed=index, dtype="float32")
        step = Step(index, 1e-3)
        a = theirs.train_step(feeds, Momentum(rate=1e-3), step, taps=taps)
        b = ours.train_step(feeds, Momentum(rate=1e-3), step, taps=taps)
        assert (a.loss, a.grad_norm) == (b.loss, b.grad_norm)
        for tap in taps:
            np.testing.assert_array_equal(a.taps[tap], b.taps[tap])
    expected, got = theirs.state(), ours.state()
    assert expected.generators == got.generators
    assert expected.arrays.keys() == got.arrays.keys()
    for key, array in expected.arrays.items():
        np.testing.assert_array_equal(array, got.arrays[key], err_msg=key)
