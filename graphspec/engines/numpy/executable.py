"""A plan with its arrays, run by numpy."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np

from graphspec.engines.base import (
    Array,
    ExecutableState,
    Feeds,
    Gradients,
    Outputs,
    Step,
    StepResult,
    Tap,
)
from graphspec.engines.numpy.blas import one_thread
from graphspec.engines.numpy.calls import Calls
from graphspec.engines.numpy.culprit import gradients_of, name_the_culprit
from graphspec.engines.numpy.passes import Passed, Returned, backward, forward
from graphspec.engines.numpy.state import State
from graphspec.engines.numpy.updating import global_norm, is_finite, norm_of_each, penalise, update
from graphspec.plan import Plan
from graphspec.recipe.rules.base import UpdateRule


class NumpyExecutable:
    """A plan with its arrays, run by numpy.

    Only ``train_step`` and ``restore`` change it. ``run`` and ``grad`` leave weights, running
    statistics and generators as they are: in training mode, calls in a row draw the same numbers.
    """

    def __init__(
        self,
        plan: Plan,
        seed: int,
        weights: Mapping[str, Array] | None,
        dtype: np.dtype[Any],
        *,
        accurate: bool = False,
    ) -> None:
        self.plan = plan
        self.dtype = dtype
        self._state = State(plan, seed, weights, dtype)
        self._calls = Calls(plan, dtype, accurate=accurate)

    @one_thread()
    def run(
        self,
        feeds: Feeds,
        *,
        outputs: Sequence[str] | None = None,
        training: bool = False,
        taps: Sequence[Tap] = (),
    ) -> Outputs:
        """Compute the asked layers and nothing that they do not need.

        Raises:
            FeedError: an input is missing, unknown, empty, or of the wrong shape or type.
            SpecError: an output or tap is not in the plan.
            EngineError: a gradient is tapped.
        """
        program = self._calls.running(outputs, taps)
        arrays, state = self._calls.read(feeds, program), self._state
        with state.changing_no_generator(training), np.errstate(all="ignore"):
            passed = forward(program, arrays, state.params, state.modes(training))
        wanted = self.plan.outputs if outputs is None else outputs
        return Outputs(
            {name: passed.values[name] for name in wanted},
            {tap: passed.values[tap.node] for tap in taps},
        )

    @one_thread()
    def grad(
        self,
        feeds: Feeds,
        *,
        wrt: Literal["params", "inputs"] = "params",
        training: bool = False,
        taps: Sequence[Tap] = (),
    ) -> Gradients:
        """Gradients of the total data loss (no penalties); changes nothing.

        What no loss depends on has a gradient of zeros. Labels have none.

        Raises:
            FeedError: as for ``run``.
            SpecError: a tap is not in the plan.
            EngineError: the plan has no loss, or the gradient of a label is tapped.
        """
        asked = self._calls.asked(wrt)
        program = self._calls.learning(taps, tapped=asked, train=wrt == "params")
        arrays, state = self._calls.read(feeds, program), self._state
        with state.changing_no_generator(training), np.errstate(all="ignore"):
            passed = forward(program, arrays, state.params, state.modes(training))
            means = passed.losses(program)
            returned = backward(program, passed, state.params)
        batch = len(next(iter(arrays.values())))
        by_name = (
            gradients_of(state, returned)
            if wrt == "params"
            else {name: self._value_gradient(returned, name, batch) for name in asked}
        )
        return Gradients(
            loss=sum(means.values()),
            losses=means,
            by_name=by_name,
            values={name: passed.values[name] for name in self.plan.outputs},
            taps=self._tapped(taps, passed, returned, batch),
        )

    @one_thread()
    def train_step(
        self, feeds: Feeds, rule: UpdateRule, step: Step, *, taps: Sequence[Tap] = ()
    ) -> StepResult:
        """Forward, backward and update.

        The penalties' gradients are added to the data gradient, then the global norm is taken and
        clipped, then each parameter is updated and brought back to the constraints. Running
        statistics change with the weights.

        Raises:
            FeedError: as for ``run``.
            SpecError: a tap is not in the plan.
            EngineError: the plan has no loss.
            NonFiniteError: the loss or a gradient is not finite; nothing has been updated, and no
                generator has moved.
        """
        program = self._calls.learning(taps)
        arrays, state = self._calls.read(feeds, program), self._state
        before = state.generators()
        try:
            with np.errstate(all="ignore"):
                passed = forward(program, arrays, state.params, state.modes(training=True))
                means = passed.losses(program)
                returned = backward(program, passed, state.params)
                gradients = gradients_of(state, returned)
                penalties = penalise(state, gradients, step)
                loss = sum(means.values())
                norm = global_norm(gradients)
                grad_norms = norm_of_each(gradients) if step.norms else {}
                finite = math.isfinite(loss + sum(penalties)) and math.isfinite(norm)
                if not finite or not all(map(is_finite, passed.state.values())):
                    state.set_generators(before)
                    name_the_culprit(state, program, arrays, step)
        except BaseException:
            state.set_generators(before)
            raise
        with np.errstate(all="ignore"):
            update(state, gradients, norm, rule, step)
        for name, array in passed.state.items():
            state.weights[name][...] = array
        batch = len(next(iter(arrays.values())))
        return StepResult(
            loss=loss,
            losses=means,
            penalties=penalties,
            grad_norm=norm,
            grad_norms=grad_norms,
            values={name: passed.values[name] for name in self.plan.outputs},
            taps=self._tapped(taps, passed, returned, batch),
        )

    def weights(self) -> Mapping[str, Array]:
        """Copies of the parameters and running statistics, by full name, in running order."""
        return self._state.copies()

    def state(self) -> ExecutableState:
        """Everything needed to go on exactly."""
        return self._state.snapshot()

    def restore(self, state: ExecutableState) -> None:
        """Go on from a state; it is checked whole before anything changes.

        Raises:
            EngineError: a name or shape does not belong to the plan, or one is missing.
        """
        self._state.restore(state)

    def _value_gradient(self, returned: Returned, name: str, batch: int) -> Array:
        found = returned.values.get(name)
        return self._calls.zeros(name, batch) if found is None else found

    def _tapped(
        self, taps: Sequence[Tap], passed: Passed, returned: Returned, batch: int
    ) -> dict[Tap, Array]:
        return {
            tap: passed.values[tap.node]
            if tap.what == "value"
            else self._value_gradient(returned, tap.node, batch)
            for tap in taps
        }
