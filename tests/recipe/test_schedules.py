"""Schedules against the notes' numbers and PyTorch's."""

from __future__ import annotations

from math import exp

import pytest

from graphspec.recipe.schedules.base import Schedule, Seen
from graphspec.recipe.schedules.constant import Constant
from graphspec.recipe.schedules.cosine import Cosine
from graphspec.recipe.schedules.cyclic import Cyclic
from graphspec.recipe.schedules.exponential import Exponential
from graphspec.recipe.schedules.one_cycle import OneCycle
from graphspec.recipe.schedules.one_over_t import OneOverT
from graphspec.recipe.schedules.plateau import Plateau
from graphspec.recipe.schedules.step import StepDecay


def at_epoch(schedule: Schedule, base: float, epoch: int, steps_per_epoch: int = 10) -> float:
    return schedule.rate(
        base, epoch * steps_per_epoch, steps_per_epoch=steps_per_epoch, total_steps=1000
    )


def test_M04_step_halves_every_five_epochs() -> None:
    schedule = StepDecay(factor=0.5, every=5)
    assert at_epoch(schedule, 0.1, 12) == 0.025
    assert schedule.rate(0.1, 49, steps_per_epoch=10, total_steps=1000) == 0.1
    assert schedule.rate(0.1, 50, steps_per_epoch=10, total_steps=1000) == 0.05


def test_M05_exponential_at_ten() -> None:
    assert at_epoch(Exponential(k=0.1), 1.0, 10) == pytest.approx(0.3678794, abs=1e-7)
    assert at_epoch(Exponential(k=0.1), 1.0, 10) == exp(-1)


def test_M06_one_over_t_at_ten() -> None:
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


@pytest.mark.parametrize(
    "schedule", [Constant(warm_up=3), StepDecay(every=2, warm_up=3), OneOverT(k=1, warm_up=3)]
)
def test_any_timed_schedule_warms_up_and_begins_after_that(schedule: Schedule) -> None:
    cold = schedule.model_copy(update={"warm_up": 0.0})
    for step in range(60):
        rate = schedule.rate(0.3, step, steps_per_epoch=4, total_steps=60)
        if step < 12:
            assert rate == 0.3 * (step + 1) / 12
        else:
            assert rate == cold.rate(0.3, step - 12, steps_per_epoch=4, total_steps=48)


def through(schedule: Plateau, values: list[float], *, lower: bool = True) -> list[float]:
    seen, shares = Seen(), []
    for value in values:
        seen = schedule.watch(seen, value, lower_is_better=lower)
        shares.append(schedule.share(seen))
    return shares


def test_plateau_falls_after_patience_evaluations_without_a_new_best() -> None:
    schedule = Plateau(factor=0.5, patience=2)
    losses = [1.0, 0.8, 0.9, 0.8, 0.85, 0.7, 0.9, 0.6, 0.6, 0.6, 0.6, 0.6]
    shares = [1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.125]
    assert through(schedule, losses) == shares
    assert through(schedule, [-value for value in losses], lower=False) == shares


def test_plateau_keeps_to_its_floor_and_wants_the_change_that_was_asked() -> None:
    assert through(Plateau(patience=1, floor=0.05), [1.0] * 4) == [1, 0.1, 0.05, 0.05]
    small_gains = [1.0, 0.95, 0.9, 0.85]
    assert through(Plateau(patience=1), small_gains) == [1] * 4
    assert through(Plateau(patience=1, min_change=0.07), small_gains) == [1, 0.1, 0.1, 0.1**2]


def test_plateau_is_pytorchs() -> None:
    torch = pytest.importorskip("torch")
    optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.3)
    theirs = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimiser, factor=0.5, patience=2, threshold=0.01, threshold_mode="abs"
    )
    losses = [2 ** -(t % 7) + 0.3 * (t % 5) for t in range(60)]
    # PyTorch's patience counts the evaluations that may pass before the one that is too much.
    schedule = Plateau(factor=0.5, patience=3, min_change=0.01)
    for loss, share in zip(losses, through(schedule, losses), strict=True):
        theirs.step(loss)
        assert 0.3 * share == pytest.approx(optimiser.param_groups[0]["lr"], rel=1e-12)
    assert share < 0.5


def test_one_cycle_is_pytorchs() -> None:
    torch = pytest.importorskip("torch")
    optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.3)
    theirs = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, max_lr=0.3, total_steps=50, cycle_momentum=False
    )
    for step in range(50):
        ours = OneCycle().rate(0.3, step, steps_per_epoch=8, total_steps=50)
        assert ours == pytest.approx(theirs.get_last_lr()[0], rel=1e-9)
        optimiser.step()
        if step < 49:
            theirs.step()


def test_one_cycle_peaks_at_the_rules_rate_and_ends_at_its_floor() -> None:
    schedule = OneCycle(rise=0.25, start=0.1, floor=0.01)
    rates = [schedule.rate(1.0, t, steps_per_epoch=9, total_steps=40) for t in range(42)]
    assert rates[0] == pytest.approx(0.1)
    assert max(rates) == rates[9] == 1.0
    assert rates[39:] == pytest.approx([0.01] * 3)
    assert OneCycle(rise=0).rate(1.0, 0, steps_per_epoch=1, total_steps=1) == pytest.approx(4e-6)


@pytest.mark.parametrize(("mode", "shrink"), [("triangular", 1.0), ("triangular2", 0.5)])
def test_cyclic_is_pytorchs(mode: str, shrink: float) -> None:
    torch = pytest.importorskip("torch")
    optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.3)
    theirs = torch.optim.lr_scheduler.CyclicLR(
        optimiser, base_lr=0.03, max_lr=0.3, step_size_up=6, mode=mode, cycle_momentum=False
    )
    schedule = Cyclic(half=6, unit="step", floor=0.1, shrink=shrink)
    for step in range(50):
        ours = schedule.rate(0.3, step, steps_per_epoch=8, total_steps=50)
        assert ours == pytest.approx(theirs.get_last_lr()[0], rel=1e-9)
        optimiser.step()
        theirs.step()
