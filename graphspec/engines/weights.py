"""The first weights of an executable: drawn from the seed, or given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from graphspec.engines.generators import generator
from graphspec.errors import EngineError
from graphspec.layers.base import ParamSpec
from graphspec.plan import Plan
from graphspec.spelling import did_you_mean

Array = npt.NDArray[Any]


def first_weights(
    plan: Plan, seed: int, given: Mapping[str, Array] | None, dtype: np.dtype[Any]
) -> dict[str, Array]:
    """Every parameter and running statistic, C-contiguous, by full name in running order.

    Each is drawn in float64 from a stream of its own and then cast, so that all engines and types
    start from the same numbers. Those in ``given`` are taken (as copies) instead of drawn.

    Raises:
        EngineError: a given name or shape does not belong to the plan.
    """
    given = given or {}
    refuse_strangers(plan, given)
    return {
        name: np.array(given[name] if name in given else _draw(name, param, seed), dtype, order="C")
        for name, param in plan.params.items()
    }


def _draw(name: str, param: ParamSpec, seed: int) -> Array:
    if param.init is None:
        raise EngineError(f"{name} has no initialiser: load plans that compile_graph made")
    rng = generator(seed, f"init:{name}")
    return param.init.draw(param.shape, param.fan_in, param.fan_out, rng)


def refuse_strangers(plan: Plan, arrays: Mapping[str, Array]) -> None:
    """Refuse arrays that the plan has no parameter for.

    Raises:
        EngineError: a name or shape does not belong to the plan.
    """
    for name, array in arrays.items():
        if name not in plan.params:
            raise EngineError(
                f"the graph has no parameter {name!r}{did_you_mean(name, plan.params)}"
            )
        expected, got = plan.params[name].shape, np.shape(array)
        if got != expected:
            raise EngineError(
                f"{name} has the shape {expected} in the graph, but the given array has {got}: "
                "are these the weights of another model?"
            )
