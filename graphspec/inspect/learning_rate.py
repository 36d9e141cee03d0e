"""What different learning rates do: one step of each, or a training whose rate only rises."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from graphspec.engines.base import Array, Executable, Step
from graphspec.errors import NonFiniteError
from graphspec.recipe.config import TrainConfig
from graphspec.recipe.rules.base import UpdateRule
from graphspec.recipe.rules.sgd import Sgd
from graphspec.train.evaluate import evaluate_batches
from graphspec.train.feeding import TrainingData

# As fast.ai has them: how much of the running mean is kept, and when a loss is out of hand.
_KEPT = 0.98
_OUT_OF_HAND = 4.0


@dataclass(frozen=True, slots=True)
class RateCurve:
    """Rates, rising, and the loss that belongs to each; infinity where it was not finite."""

    rates: tuple[float, ...]
    losses: tuple[float, ...]

    @property
    def lowest(self) -> float:
        """The rate with the smallest loss."""
        return self.rates[int(np.argmin(self.losses))]


def losses_after_one_step(
    executable: Executable,
    feeds: Mapping[str, Array],
    rates: Sequence[float] = (1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1),
) -> RateCurve:
    """The data loss after one plain step along the negative gradient, for each rate.

    Small rates gain little; past the best one the step leads too far and the loss rises. The
    executable is left as it was.

    Raises:
        FeedError: an input is missing, unknown, empty, or of the wrong shape or type.
        EngineError: the network has no loss.

    Source: CS231n notes, Optimization 1, effect of step size.
    """
    before = executable.state()
    losses = []
    try:
        for rate in rates:
            executable.train_step(feeds, Sgd(rate=rate), Step(0, rate))
            try:
                losses.append(evaluate_batches(executable, iter([dict(feeds)])).loss)
            except NonFiniteError:
                losses.append(math.inf)
            executable.restore(before)
    finally:
        executable.restore(before)
    return RateCurve(tuple(rates), tuple(losses))


def find_rate_range(
    executable: Executable,
    data: TrainingData,
    config: TrainConfig,
    *,
    low: float = 1e-6,
    high: float = 1.0,
    steps: int = 100,
) -> RateCurve:
    """The training loss while the rate rises from ``low`` to ``high``, by the same factor a step.

    The losses are a running mean, corrected for its start. It ends early once the mean is four
    times its smallest value or is not finite. The mean lags behind, so a rate of about a tenth of
    the ``lowest`` one is a peak for ``one_cycle`` and ``cyclic``. The executable is left as it was.

    Args:
        executable: the network.
        data: the data that it is to be trained on.
        config: the update rule, penalties, constraints and clipping; its rate and schedule are
            not used.
        low: the first rate.
        high: the last rate.
        steps: how many batches are taken, at least 2.

    Raises:
        ValueError: ``low`` is not above 0 and below ``high``, there are fewer than 2 steps, or
            the rule is none for batches.

    Source: Smith 2015, Cyclical Learning Rates for Training Neural Networks, section 3.3.
    """
    if not 0 < low < high or steps < 2:
        raise ValueError(
            f"the rate cannot rise from {low:g} to {high:g} in {steps} steps: give 0 < low < high "
            "and at least 2 steps"
        )
    rule = config.update
    if not isinstance(rule, UpdateRule):
        raise ValueError(
            f"{rule.kind} chooses the length of its steps by the loss: it has no rate to look for. "
            "Use a rule for batches, such as sgd"
        )
    before = executable.state()
    loader = data.loader(config)
    rates: list[float] = []
    losses: list[float] = []
    mean = 0.0
    try:
        for i in range(steps):
            rate = low * (high / low) ** (i / (steps - 1))
            step = Step(i, rate, config.penalties, config.clip_norm, config.constraints)
            rates.append(rate)
            try:
                result = executable.train_step(data.feeds(loader.next_batch()), rule, step)
            except NonFiniteError:
                losses.append(math.inf)
                break
            mean = _KEPT * mean + (1 - _KEPT) * (result.loss + sum(result.penalties))
            losses.append(mean / (1 - _KEPT ** (i + 1)))
            if losses[-1] > _OUT_OF_HAND * min(losses):
                break
    finally:
        executable.restore(before)
    return RateCurve(tuple(rates), tuple(losses))
