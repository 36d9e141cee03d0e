"""Every update rule changes weights and its memory as its numpy does, clipped and decayed."""

from __future__ import annotations

import numpy as np
import pytest

from graphspec.engines.base import Step
from graphspec.engines.jit.engine import JitEngine
from graphspec.engines.numpy import NumpyEngine
from graphspec.plan import compile_graph
from graphspec.recipe.constraints.max_norm import MaxNorm
from graphspec.recipe.penalties.l2 import L2
from graphspec.recipe.rules.adamw import AdamW
from graphspec.recipe.rules.catalog import RULES
from graphspec.recipe.rules.lion import Lion
from graphspec.recipe.rules.momentum import Momentum
from tests.engines.jit.oracle import error
from tests.engines.nets import batch, two_layers

SPEC = two_layers(features=7, hidden=300)
CASES = [rule(rate=0.01) for rule in RULES]
CASES += [AdamW(rate=0.01, weight_decay=0.3), Lion(rate=0.01, weight_decay=0.3)]
STEPS = {
    "plain": Step(0, 0.01),
    "clipped": Step(0, 0.01, clip_norm=0.05),
    "penalised": Step(0, 0.01, penalties=(L2(strength=0.1),)),
    "constrained": Step(0, 0.01, constraints=(MaxNorm(c=0.5),)),
}


@pytest.mark.parametrize("how", STEPS)
@pytest.mark.parametrize("rule", CASES, ids=lambda rule: type(rule).__name__)
def test_a_rule_updates_as_its_numpy_does(rule, how) -> None:
    plan = compile_graph(SPEC)
    ours = JitEngine(threads=2).load(plan, seed=5)
    theirs = NumpyEngine("float64").load(plan, seed=5, weights=ours.weights())
    for index in range(3):
        feeds = batch(SPEC, 6, seed=index)
        step = STEPS[how]
        step = Step(index, step.rate, step.penalties, step.clip_norm, step.constraints)
        a, b = ours.train_step(feeds, rule, step), theirs.train_step(feeds, rule, step)
        assert a.grad_norm == pytest.approx(b.grad_norm, rel=1e-5)
        assert a.penalties == pytest.approx(b.penalties, rel=1e-5)
    got, expected = ours.state(), theirs.state()
    assert got.arrays.keys() == expected.arrays.keys()
    for name, array in expected.arrays.items():
        # Adadelta's and Adam's first steps divide small gradients by their own size.
        assert error(got.arrays[name], array) < 2e-4, name


def test_another_rule_starts_with_memory_of_its_own() -> None:
    plan = compile_graph(SPEC)
    ours = JitEngine(threads=2).load(plan, seed=5)
    theirs = NumpyEngine().load(plan, seed=5)
    feeds = batch(SPEC, 6, dtype="float32")
    for index, rule in enumerate([Momentum(rate=0.1), AdamW(rate=0.1), Momentum(rate=0.1)]):
        for engine in (ours, theirs):
            engine.train_step(feeds, rule, Step(index, 0.1))
    for name, array in theirs.state().arrays.items():
        assert error(ours.state().arrays[name], array) < 1e-4, name


def test_a_state_moves_between_the_engines() -> None:
    plan = compile_graph(SPEC)
    ours, theirs = JitEngine(threads=2).load(plan, seed=5), NumpyEngine().load(plan, seed=6)
    feeds = batch(SPEC, 6, dtype="float32")
    rule = AdamW(rate=0.01)
    for index in range(3):
        theirs.train_step(feeds, rule, Step(index, 0.01))
    ours.train_step(feeds, rule, Step(0, 0.01))
    ours.restore(theirs.state())
    for engine in (ours, theirs):
        engine.train_step(feeds, rule, Step(3, 0.01))
    for name, array in theirs.state().arrays.items():
        np.testing.assert_allclose(ours.state().arrays[name], array, rtol=1e-4, atol=1e-6)
