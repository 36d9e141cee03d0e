"""What an executable holds between calls: weights, the rule's memory, and generators."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from graphspec.engines.base import Array, ExecutableState
from graphspec.engines.generators import generator, read_state, write_state
from graphspec.engines.weights import first_weights, refuse_strangers
from graphspec.errors import EngineError
from graphspec.layers.base import Mode
from graphspec.plan import Plan
from graphspec.recipe.rules.base import UpdateRule

_EVALUATION = Mode(training=False)


class State:
    """The arrays and generators of a plan, which every engine on the CPU has alike.

    ``weights`` are parameters and running statistics by full name, in running order; ``params`` are
    the same arrays by layer and local name.
    """

    def __init__(
        self, plan: Plan, seed: int, weights: Mapping[str, Array] | None, dtype: np.dtype[Any]
    ) -> None:
        self.plan, self.dtype = plan, dtype
        self.weights = first_weights(plan, seed, weights, dtype)
        self.params = self._by_layer()
        self.slots: dict[str, dict[str, Array]] = {}
        self._slots_of: type[UpdateRule] | None = None
        self._rngs = {
            node.id: generator(seed, f"layer:{node.id}") for node in plan.nodes if node.layer.draws
        }
        self._training = {
            node.id: Mode(training=True, rng=self._rngs.get(node.id)) for node in plan.nodes
        }
        self._evaluation = dict.fromkeys(self._training, _EVALUATION)

    def _by_layer(self) -> dict[str, dict[str, Array]]:
        return {
            node.id: {local: self.weights[f"{node.id}.{local}"] for local in node.params}
            for node in self.plan.nodes
        }

    def move_into(self, places: dict[str, Array]) -> None:
        """Keep the weights in other arrays from now on; one by one, as they may be large."""
        first, self.weights, self.params = self.weights, places, {}
        for name in list(first):
            places[name][...] = first.pop(name)
        self.params = self._by_layer()

    # --- Saving and going on -----------------------------------------------------------------

    def copies(self) -> Mapping[str, Array]:
        """Copies of the weights."""
        return {name: array.copy() for name, array in self.weights.items()}

    def snapshot(self) -> ExecutableState:
        """Everything needed to go on exactly."""
        arrays = dict(self.copies())
        for name, slots in self.slots.items():
            for slot, array in slots.items():
                arrays[f"{name}/{slot}"] = array.copy()
        generators = {f"layer:{name}": state for name, state in self.generators().items()}
        return ExecutableState(arrays, generators)

    def restore(self, state: ExecutableState) -> None:
        """Go on from a snapshot; it is checked whole before anything changes.

        Raises:
            EngineError: a name or shape does not belong to the plan, or one is missing.
        """
        weights = {name: array for name, array in state.arrays.items() if "/" not in name}
        refuse_strangers(self.plan, weights)
        names = {f"layer:{name}": name for name in self._rngs}
        for missing in [*(self.weights.keys() - weights), *(names.keys() - state.generators)]:
            raise EngineError(f"the state lacks {missing!r}: is it of another model?")
        slots: dict[str, dict[str, Array]] = {}
        for full, array in state.arrays.items():
            if "/" in full:
                name, slot = full.split("/", 1)
                if name not in weights or np.shape(array) != weights[name].shape:
                    raise EngineError(
                        f"{full} has the shape {np.shape(array)}, but the graph has no parameter "
                        f"{name!r} of that shape: is this the state of another model?"
                    )
                slots.setdefault(name, {})[slot] = np.array(array, self.dtype)
        for stranger in state.generators.keys() - names:
            raise EngineError(f"the graph has no generator {stranger!r}")
        for full, generator_state in state.generators.items():
            try:
                write_state(generator(0, full), generator_state)
            except (KeyError, TypeError, ValueError) as error:
                raise EngineError(f"the state of generator {full!r} is damaged: {error}") from error
        for name, array in weights.items():
            self.weights[name][...] = array
        self.set_generators({names[full]: s for full, s in state.generators.items()})
        self.slots, self._slots_of = slots, None

    # --- Generators --------------------------------------------------------------------------

    def modes(self, training: bool) -> Mapping[str, Mode]:
        """How each layer behaves, with its generator."""
        return self._training if training else self._evaluation

    def generators(self) -> dict[str, Mapping[str, Any]]:
        """The state of every layer's generator."""
        return {name: read_state(rng) for name, rng in self._rngs.items()}

    def set_generators(self, states: Mapping[str, Mapping[str, Any]]) -> None:
        """Let generators go on from states that ``generators`` gave."""
        for name, state in states.items():
            write_state(self._rngs[name], state)

    @contextmanager
    def changing_no_generator(self, training: bool) -> Iterator[None]:
        """Let calls in a row draw the same numbers."""
        before = self.generators() if training else {}
        try:
            yield
        finally:
            self.set_generators(before)

    # --- The rule's memory -------------------------------------------------------------------

    def slots_for(self, rule: UpdateRule) -> bool:
        """Have memory for a rule; what was restored goes in, another rule's is dropped.

        Returns whether it is new memory.
        """
        if type(rule) is self._slots_of:
            return False
        restored = self.slots if self._slots_of is None else {}
        trained = [name for name, param in self.plan.params.items() if param.trained]
        fresh = {name: rule.slots(self.weights[name]) for name in trained}
        for name, slots in fresh.items():
            for slot, array in slots.items():
                if slot in restored.get(name, {}):
                    array[...] = restored[name][slot]
        self.slots, self._slots_of = fresh, type(rule)
        return True
