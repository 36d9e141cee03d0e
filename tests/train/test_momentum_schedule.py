"""Momentum that is annealed while a training goes on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from graphspec import api
from graphspec.recipe.config import TrainConfig
from graphspec.recipe.rules.momentum import Momentum, WithVelocity
from graphspec.recipe.rules.nesterov import Nesterov
from graphspec.train.events import Step
from graphspec.train.session import train_run
from tests.train.nets import FIELDS, fresh, linear, new_run, points

RULES: list[WithVelocity] = [
    Momentum(rate=0.05, momentum=0.99, start=0.5, rise=2),
    Nesterov(rate=0.05, momentum=0.99, start=0.5, rise=2),
]
STEPS_PER_EPOCH = 5


@pytest.mark.parametrize("end", [0.9, 0.95, 0.99])
def test_M02_momentum_goes_from_a_half_to_its_value_in_a_line(end: float) -> None:
    rule = Momentum(rate=0.1, momentum=end, start=0.5, rise=4)
    found = [rule.at(step, steps_per_epoch=10).momentum for step in range(60)]
    np.testing.assert_allclose(found[:41], np.linspace(0.5, end, 41), atol=1e-15)
    assert found[0] == 0.5
    assert set(found[40:]) == {end}
    assert type(rule.at(3, steps_per_epoch=10)) is Momentum


def test_M02_without_a_start_nothing_changes() -> None:
    rule = Momentum(rate=0.1)
    assert rule.at(7, steps_per_epoch=3) is rule


def test_M02_the_setting_is_read_from_json() -> None:
    text = (
        '{"update": {"kind": "nesterov", "rate": 0.01, "momentum": 0.99, "start": 0.5, "rise": 3}}'
    )
    config = TrainConfig.model_validate_json(text)
    assert config.update == Nesterov(rate=0.01, momentum=0.99, start=0.5, rise=3.0)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.kind)
def test_M02_fifty_steps_are_those_of_pytorch(rule: WithVelocity) -> None:
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(6, 4)), rng.normal(size=6)
    w = rng.normal(size=4)
    theirs = torch.nn.Parameter(torch.tensor(w))
    nesterov = isinstance(rule, Nesterov)
    optimiser = torch.optim.SGD([theirs], lr=rule.rate, momentum=0.5, nesterov=nesterov)
    slots = rule.slots(w)
    for step in range(50):
        now = rule.at(step, steps_per_epoch=10)
        dw = a.T @ np.tanh(a @ w - b)
        now.update(w, dw, slots, rate=rule.rate, step=step)
        optimiser.param_groups[0]["momentum"] = now.momentum
        optimiser.zero_grad()
        torch.log(torch.cosh(torch.tensor(a) @ theirs - torch.tensor(b))).sum().backward()
        optimiser.step()
        np.testing.assert_allclose(w, theirs.detach().numpy(), atol=1e-10)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.kind)
def test_M02_a_run_anneals_tells_it_and_goes_on_exactly(tmp_path: Path, rule: WithVelocity) -> None:
    changes: dict[str, Any] = {"update": rule.model_dump()}
    whole = api.fit(linear(), points(), run=tmp_path / "whole", **{**FIELDS, **changes})
    told = [event.momentum for event in whole.events if isinstance(event, Step)]
    expected = [rule.at(i, steps_per_epoch=STEPS_PER_EPOCH).momentum for i in range(20)]
    assert told == expected
    run = new_run(tmp_path / "cut", linear(), **changes)
    events = train_run(run.path, data=points())
    for event in events:
        if isinstance(event, Step) and event.step == 7:
            break
    events.close()  # type: ignore[attr-defined]
    list(train_run(run.path, data=points()))
    assert fresh(run.events) == fresh(whole.events)
    a, b = (api.load_weights(r, checkpoint="latest") for r in (run, whole))
    assert all(a[name].tobytes() == b[name].tobytes() for name in a)
    constant = {**changes["update"], "start": None}
    other = api.fit(linear(), points(), run=tmp_path / "c", **{**FIELDS, "update": constant})
    c = api.load_weights(other, checkpoint="latest")
    assert any(not np.array_equal(a[name], c[name]) for name in a)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.kind)
def test_M02_the_fast_engine_anneals_too(tmp_path: Path, rule: WithVelocity) -> None:
    pytest.importorskip("llvmlite")
    runs = [
        api.fit(
            linear(),
            points(),
            run=tmp_path / engine,
            engine=engine,
            **{**FIELDS, "update": rule.model_dump()},
        )
        for engine in ("numpy", "jit")
    ]
    losses = [[event.loss for event in run.events if isinstance(event, Step)] for run in runs]
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-4)
