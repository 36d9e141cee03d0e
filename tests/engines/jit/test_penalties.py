"""Penalties of every kind, alone and together, on all layers and on some, as their numpy does."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest

from graphspec.engines.base import Array, Step
from graphspec.engines.jit.engine import JitEngine
from graphspec.engines.numpy import NumpyEngine
from graphspec.plan import compile_graph
from graphspec.recipe.constraints.max_norm import MaxNorm
from graphspec.recipe.penalties.base import Penalty
from graphspec.recipe.penalties.elastic_net import ElasticNet
from graphspec.recipe.penalties.l1 import L1
from graphspec.recipe.penalties.l2 import L2
from graphspec.recipe.rules.sgd import Sgd
from tests.engines.jit.oracle import error
from tests.engines.nets import batch, network, node, two_layers

SPEC = two_layers(features=37, hidden=301)
PLAN = compile_graph(SPEC)
FIRST = PLAN.nodes[0].id
CASES: dict[str, tuple[Penalty, ...]] = {
    "l1": (L1(strength=0.01),),
    "l2": (L2(strength=0.1),),
    "l2 whole": (L2(strength=0.1, half=False),),
    "elastic net": (ElasticNet(l1=0.01, l2=0.02),),
    "some": (L2(strength=0.3, only=(FIRST,)),),
    "several": (L1(strength=0.01), L2(strength=0.1, only=(FIRST,)), ElasticNet(l1=0.02, l2=0.03)),
    "none of them": (L2(strength=0.1, only=("nobody",)),),
}


class Quartic(Penalty):
    """λ Σ w⁴, which no kernel knows: it runs through its numpy."""

    kind: Literal["quartic"] = "quartic"
    strength: float

    def value(self, w: Array) -> float:
        """λ Σ w⁴."""
        return self.strength * float((w**4).sum())

    def add_gradient(self, w: Array, dw: Array) -> None:
        """dw += 4λw³."""
        dw += 4 * self.strength * w**3


CASES |= {
    "no kernel": (Quartic(strength=0.3),),
    "no kernel for one": (L2(strength=0.1), Quartic(strength=0.3, only=(FIRST,))),
}


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("case", CASES)
def test_penalties_agree_with_float64(case: str, threads: int) -> None:
    ours = JitEngine(threads=threads).load(PLAN, seed=5)
    drawn = dict(ours.weights())
    # The gradient of |w| at 0 is 0.
    next(iter(drawn.values())).flat[::5] = 0
    ours = JitEngine(threads=threads).load(PLAN, seed=5, weights=drawn)
    theirs = NumpyEngine("float64").load(PLAN, seed=5, weights=drawn)
    for index, penalties in enumerate((CASES[case], CASES["l2"], CASES[case])):
        feeds, step = batch(SPEC, 6, seed=index), Step(index, 0.1, penalties, norms=True)
        a, b = (
            ours.train_step(feeds, Sgd(rate=0.1), step),
            theirs.train_step(feeds, Sgd(rate=0.1), step),
        )
        assert a.penalties == pytest.approx(b.penalties, rel=1e-6)
        assert a.grad_norm == pytest.approx(b.grad_norm, rel=1e-5)
        assert a.grad_norms == pytest.approx(b.grad_norms, rel=1e-5)
    for name, array in theirs.weights().items():
        assert error(ours.weights()[name], array) < 2e-6, name


def test_a_weight_that_no_loss_depends_on_shrinks_by_its_penalty_alone() -> None:
    layers = [
        node("linear", "aside", "x", units=5),
        node("linear", "fc", "x", units=3),
        node("softmax_loss", "loss", "fc", "label"),
    ]
    spec = network(layers, ("aside", "fc"), x={"shape": [7]}, label={"classes": 3})
    plan, feeds = compile_graph(spec), batch(spec, 6, dtype="float32")
    ours, theirs = (engine.load(plan, seed=5) for engine in (JitEngine(), NumpyEngine("float64")))
    for index in range(3):
        for engine in (ours, theirs):
            engine.train_step(feeds, Sgd(rate=0.1), Step(index, 0.1, (L2(strength=0.5),)))
    for name, array in theirs.weights().items():
        assert error(ours.weights()[name], array) < 2e-6, name
    assert not ours.grad(feeds).by_name["aside.weight"].any()


def test_weights_are_brought_back_after_the_kernels() -> None:
    ours, theirs = (engine.load(PLAN, seed=5) for engine in (JitEngine(), NumpyEngine()))
    step = Step(0, 0.1, (), None, (MaxNorm(c=0.1, only=(FIRST,)),))
    for engine in (ours, theirs):
        engine.train_step(batch(SPEC, 6, dtype="float32"), Sgd(rate=0.1), step)
    for name, array in theirs.weights().items():
        assert error(ours.weights()[name], array) < 2e-6, name
    first = ours.weights()[f"{FIRST}.weight"]
    assert np.sqrt((first**2).sum(axis=0)).max() <= 0.1 * (1 + 1e-6)
