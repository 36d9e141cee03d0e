"""The search for the first number of a step that is not finite."""

from __future__ import annotations

from typing import Literal, NoReturn

import numpy as np

from graphspec.engines.base import Array, Step
from graphspec.engines.numpy.passes import Returned, backward, forward
from graphspec.engines.numpy.program import Program
from graphspec.engines.numpy.state import State
from graphspec.engines.numpy.updating import is_finite, layer_of, penalise
from graphspec.errors import NonFiniteError


def name_the_culprit(
    state: State, program: Program, arrays: dict[str, Array], step: Step
) -> NoReturn:
    """Repeat the step with its own draws, and stop at the first number that is not finite.

    Raises:
        NonFiniteError: always.
    """

    def watch(name: str, what: Literal["value", "gradient"], array: Array) -> None:
        if not is_finite(array):
            raise NonFiniteError(name, what, step.index)

    passed = forward(program, arrays, state.params, state.modes(training=True), watch)
    for full, array in passed.state.items():
        watch(layer_of(full), "value", array)
    gradients = gradients_of(state, backward(program, passed, state.params, watch))
    penalise(state, gradients, step)
    for full, dw in gradients.items():
        watch(layer_of(full), "gradient", dw)
    # Every number is finite, yet the sum of them is not.
    raise NonFiniteError(program.losses[-1], "value", step.index)


def gradients_of(state: State, returned: Returned) -> dict[str, Array]:
    """One gradient per trained parameter, in running order."""
    return {
        name: returned.params[name]
        if name in returned.params
        else np.zeros(param.shape, state.dtype)
        for name, param in state.plan.params.items()
        if param.trained
    }
