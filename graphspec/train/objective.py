"""The loss of a training as a function of all weights, for rules that ask for it as a whole."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from graphspec.engines.base import (
    Array,
    Executable,
    ExecutableState,
    Feeds,
    Gradients,
    Step,
    StepResult,
    Tap,
)
from graphspec.engines.generators import generator, read_state, write_state
from graphspec.errors import CheckpointError, NonFiniteError
from graphspec.layers.base import ParamSpec
from graphspec.recipe.penalties.base import Penalty
from graphspec.recipe.rules.sgd import Sgd
from graphspec.recipe.rules.whole import WholeRule
from graphspec.train.statistics import batch_statistics


class TrainingObjective:
    """Data losses and penalties over given examples, in training mode.

    The weights are one float64 vector of all trained parameters in running order. Asking for the
    loss at a place leaves the executable with the weights of that place.
    """

    def __init__(
        self, executable: Executable, feeds: Feeds, penalties: Sequence[Penalty] = ()
    ) -> None:
        self._executable, self._feeds, self._penalties = executable, feeds, penalties
        self._state = executable.state()
        self._params = {
            name: param for name, param in executable.plan.params.items() if param.trained
        }
        self.dtype: np.dtype[Any] = np.result_type(
            *(self._state.arrays[name].dtype for name in self._params)
        )
        # Where the last gradient was taken: a line search ends where the next step begins.
        self._at: Array | None = None
        self._found: tuple[float, Array] = (math.nan, np.empty(0))

    def weights(self) -> Array:
        """The weights that the executable had at first."""
        return self._flat(self._state.arrays)

    def move(self, w: Array, others: Mapping[str, Array] | None = None) -> None:
        """Give the executable these weights, and these running statistics."""
        arrays = dict(self._state.arrays) | dict(others or {})
        start = 0
        for name, param in self._params.items():
            size = math.prod(param.shape)
            part = w[start : start + size].reshape(param.shape)
            arrays[name] = part.astype(arrays[name].dtype)
            start += size
        self._executable.restore(ExecutableState(arrays, self._state.generators))

    def loss(self, w: Array) -> float:
        """The loss at ``w``; not finite where it overflows."""
        if self._at is not None and np.array_equal(w, self._at):
            return self._found[0]
        self.move(w)
        losses = self._executable.plan.losses
        values = self._executable.run(self._feeds, outputs=losses, training=True).values
        data = sum(float(values[name].mean(dtype=np.float64)) for name in losses)
        return data + sum(self.penalties())

    def gradient(self, w: Array) -> tuple[float, Array]:
        """The loss and its gradient (n,)."""
        if self._at is None or not np.array_equal(w, self._at):
            self.move(w)
            self._take(w, self._executable.grad(self._feeds, training=True))
        return self._found

    def begin(self, taps: Sequence[Tap]) -> Gradients:
        """The data losses, outputs and taps where the executable is."""
        gradients = self._executable.grad(self._feeds, training=True, taps=taps)
        self._take(self.weights(), gradients)
        return gradients

    def penalties(self) -> tuple[float, ...]:
        """The value of every penalty where the executable is."""
        return penalty_values(self._executable, self._penalties)

    def norms(self, dw: Array) -> dict[str, float]:
        """The norm of each parameter's part of a gradient (n,)."""
        sizes = [math.prod(param.shape) for param in self._params.values()]
        parts = np.split(dw, np.cumsum(sizes)[:-1])
        norms = (float(np.linalg.norm(part)) for part in parts)
        return dict(zip(self._params, norms, strict=True))

    def _take(self, w: Array, gradients: Gradients) -> None:
        by_name = {name: np.array(array) for name, array in gradients.by_name.items()}
        weights = self._executable.weights()
        loss = gradients.loss + sum(self.penalties())
        for penalty in self._penalties:
            for name in _covered(penalty, self._params):
                penalty.add_gradient(weights[name], by_name[name])
        self._at, self._found = w.copy(), (loss, self._flat(by_name))

    def _flat(self, arrays: Mapping[str, Array]) -> Array:
        parts = [np.asarray(arrays[name], np.float64).ravel() for name in self._params]
        return np.concatenate(parts)


def penalty_values(executable: Executable, penalties: Sequence[Penalty]) -> tuple[float, ...]:
    """The value of every penalty at the executable's weights."""
    if not penalties:
        return ()
    weights, params = executable.weights(), executable.plan.params
    return tuple(
        sum((penalty.value(weights[name]) for name in _covered(penalty, params)), 0.0)
        for penalty in penalties
    )


def _covered(penalty: Penalty, params: Mapping[str, ParamSpec]) -> list[str]:
    return [
        name
        for name, param in params.items()
        if param.trained and param.decay and penalty.covers(name.rpartition(".")[0])
    ]


class WholeStepper:
    """Makes the steps of a rule that asks for the whole loss, and keeps what it remembers."""

    def __init__(self, seed: int) -> None:
        self.memory: dict[str, Array] = {}
        self._rng = generator(seed, "update")

    def step(
        self,
        executable: Executable,
        feeds: Feeds,
        rule: WholeRule,
        step: Step,
        taps: Sequence[Tap] = (),
    ) -> StepResult:
        """One step; the losses are those before it, as ``Executable.train_step`` has them.

        Running statistics are taken from the examples with the new weights.

        Raises:
            NonFiniteError: the loss or a gradient is not finite; nothing has been updated.
            SizeError, SpecError: as the rule gives them.
        """
        objective = TrainingObjective(executable, feeds, step.penalties)
        before = executable.state()
        w = objective.weights()
        begun = objective.begin(taps)
        loss, dw = objective.gradient(w)
        penalties = objective.penalties()
        norm = float(np.linalg.norm(dw))
        if not math.isfinite(loss) or not math.isfinite(norm):
            # A step without a length changes nothing, and the engine says which layer it was.
            executable.train_step(feeds, Sgd(rate=1.0), Step(step.index, 0.0, step.penalties))
            raise NonFiniteError(executable.plan.losses[-1], "value", step.index)
        try:
            new = rule.minimise(objective, w, self.memory, rate=step.rate, rng=self._rng)
            objective.move(new)
            statistics = batch_statistics(executable, [feeds])
            if statistics:
                objective.move(new, statistics)
        except BaseException:
            executable.restore(before)
            raise
        return StepResult(
            loss=begun.loss,
            losses=begun.losses,
            penalties=penalties,
            grad_norm=norm,
            values=begun.values,
            taps=begun.taps,
            grad_norms=objective.norms(dw) if step.norms else {},
        )

    def generator(self) -> dict[str, Any]:
        """The state of the random generator, as JSON values."""
        return dict(read_state(self._rng))

    def restore(self, memory: Mapping[str, Array], state: Mapping[str, Any]) -> None:
        """Go on from a checkpoint.

        Raises:
            CheckpointError: the generator's state is damaged.
        """
        self.memory = dict(memory)
        try:
            write_state(self._rng, state)
        except (KeyError, TypeError, ValueError) as error:
            raise CheckpointError(f"the state of the update rule's generator: {error}") from error
