"""Schedules against the notes' numbers and PyTorch's."""

from __future__ import annotations

from math import exp

import pytest

from graphspec.recipe.schedules.base import Schedule
from graphspec.recipe.schedules.constant import Constant
from graphspec.recipe.schedules.cosine import Cosine
from graphspec.recipe.schedules.exponential import Exponential
from graphspec.recipe.schedules.one_over_t import OneOverT
from graphspec.recipe.schedules.step import StepDecay


def at_epoch(schedule: Schedule, base: float, epoch: int, steps_per_epoch: int = 10) -> float:
    return schedule.rate(
        base, epoch * steps_per_epoch, steps_per_epoch=steps_per_epoch, total_steps=1000
    )


def test_step_halves_every_five_epochs() -> None:
    schedule = StepDecay(factor=0.5, every=5)
    assert at_epoch(schedule, 0.1, 12) == 0.025
    assert schedule.rate(0.1, 49, steps_per_epoch=10, total_steps=1000) == 0.1
    assert schedule.rate(0.1, 50, steps_per_epoch=10, total_steps=1000) == 0.05


def test_exponential_at_ten() -> None:
    assert at_epoch(Exponential(k=0.1), 1.0, 10) == pytest.approx(0.3678794, abs=1e-7)
    assert at_epoch(Exponential(k=0.1), 1.0, 10) == exp(-1)


def test_one_over_t_at_ten() -> None:
    assert at_epoch(OneOverT(k=0.1), 1.0, 10) == 0.5


@pytest.mark.parametrize(
    "schedule", [StepDecay(every=5, unit="step"), Exponential(k=0.1, unit="step")]
)
def test_time_can_count_steps(schedule: Schedule) -> None:
    by_epoch = schedule.model_copy(update={"unit": "epoch"})
    for step in range(20):
        assert schedule.rate(1.0, step, steps_per_epoch=10, total_steps=99) == by_epoch.rate(
            1.0, step, steps_per_epoch=1, total_steps=99
        )


def test_epochs_have_fractions() -> None:
    rates = [OneOverT(k=1).rate(1.0, t, steps_per_epoch=4, total_steps=8) for t in range(5)]
    assert rates == [1.0, 1 / 1.25, 1 / 1.5, 1 / 1.75, 0.5]


def test_constant_is_constant() -> None:
    assert {at_epoch(Constant(), 0.3, epoch) for epoch in range(50)} == {0.3}


def test_cosine_warms_up_and_ends_at_its_floor() -> None:
    schedule = Cosine(warm_up=2, floor=0.1)
    rates = [schedule.rate(1.0, t, steps_per_epoch=5, total_steps=50) for t in range(51)]
    assert rates[:10] == [(t + 1) / 10 for t in range(10)]
    assert rates[10] == 1.0
    assert rates[30] == pytest.approx(0.1 + 0.9 * 0.5)
    assert rates[50] == 0.1
    assert rates[10:] == sorted(rates[10:], reverse=True)


def test_cosine_is_pytorchs() -> None:
    torch = pytest.importorskip("torch")
    weight = torch.nn.Parameter(torch.zeros(1))
    optimiser = torch.optim.SGD([weight], lr=0.3)
    theirs = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, T_max=40, eta_min=0.03)
    for step in range(40):
        ours = Cosine(floor=0.1).rate(0.3, step, steps_per_epoch=8, total_steps=40)
        assert ours == pytest.approx(theirs.get_last_lr()[0], rel=1e-9)
        optimiser.step()
        theirs.step()


def test_a_warm_up_longer_than_the_training_never_divides_by_zero() -> None:
    schedule = Cosine(warm_up=10)
    assert schedule.rate(1.0, 3, steps_per_epoch=1, total_steps=4) == 0.4
    assert schedule.rate(1.0, 10, steps_per_epoch=1, total_steps=10) == 0.0
