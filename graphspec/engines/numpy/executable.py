"""A plan with its arrays, run by numpy."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal, NoReturn

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
from graphspec.engines.feeds import read_feeds, soft_labels
from graphspec.engines.generators import generator, read_state, write_state
from graphspec.engines.numpy.blas import one_thread
from graphspec.engines.numpy.passes import Passed, Returned, backward, forward
from graphspec.engines.numpy.program import Program, make_program
from graphspec.engines.numpy.winograd import faster_than_layers
from graphspec.engines.weights import first_weights, refuse_strangers
from graphspec.errors import EngineError, NonFiniteError
from graphspec.layers.base import Mode
from graphspec.plan import Plan
from graphspec.recipe.rules.base import UpdateRule

_EVALUATION = Mode(training=False)


class NumpyExecutable:
    """A plan with its arrays, run by numpy.

    Only ``train_step`` and ``restore`` change it. ``run`` and ``grad`` leave weights, running
    statistics and generators as they are: in training mode, calls in a row draw the same numbers.
    """

    def __init__(
        self, plan: Plan, seed: int, weights: Mapping[str, Array] | None, dtype: np.dtype[Any]
    ) -> None:
        self.plan = plan
        self.dtype = dtype
        self._soft = soft_labels(plan)
        self._weights = first_weights(plan, seed, weights, dtype)
        self._params = {
            node.id: {local: self._weights[f"{node.id}.{local}"] for local in node.params}
            for node in plan.nodes
        }
        self._rngs = {
            node.id: generator(seed, f"layer:{node.id}") for node in plan.nodes if node.layer.draws
        }
        self._training = {
            node.id: Mode(training=True, rng=self._rngs.get(node.id)) for node in plan.nodes
        }
        self._evaluation = dict.fromkeys(self._training, _EVALUATION)
        # Winograd's sums are for float32 only: the float64 engine is the oracle of all others.
        self._faster = faster_than_layers(plan) if dtype == np.float32 else {}
        self._slots: dict[str, dict[str, Array]] = {}
        self._slots_of: type[UpdateRule] | None = None
        self._programs: dict[Any, Program] = {}

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
        for tap in taps:
            if tap.what == "grad":
                raise EngineError(
                    f"a run computes no gradients, but {tap.node!r}'s is tapped: call grad"
                )
        wanted = self.plan.outputs if outputs is None else tuple(outputs)
        program = self._program(wanted, taps, losses=(), tapped=(), train=False)
        arrays = self._read(feeds, program)
        with self._changing_no_generator(training), np.errstate(all="ignore"):
            passed = forward(program, arrays, self._params, self._modes(training))
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
        losses = self._losses()
        asked = [
            name
            for name, tensor in self.plan.inputs.items()
            if wrt == "inputs" and tensor.dtype == "float"
        ]
        program = self._program(
            self.plan.outputs, taps, losses=losses, tapped=asked, train=wrt == "params"
        )
        arrays = self._read(feeds, program)
        with self._changing_no_generator(training), np.errstate(all="ignore"):
            passed = forward(program, arrays, self._params, self._modes(training))
            means = passed.losses(program)
            returned = backward(program, passed, self._params)
        batch = len(next(iter(arrays.values())))
        by_name = (
            self._param_gradients(returned)
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
        program = self._program(
            self.plan.outputs, taps, losses=self._losses(), tapped=(), train=True
        )
        arrays = self._read(feeds, program)
        before = self._generator_states()
        try:
            with np.errstate(all="ignore"):
                passed = forward(program, arrays, self._params, self._training)
                means = passed.losses(program)
                returned = backward(program, passed, self._params)
                gradients = self._param_gradients(returned)
                penalties = self._penalise(gradients, step)
                loss = sum(means.values())
                norm = _global_norm(gradients)
                finite = math.isfinite(loss + sum(penalties)) and math.isfinite(norm)
                if not finite or not all(map(_is_finite, passed.state.values())):
                    self._set_generators(before)
                    self._name_the_culprit(program, arrays, step)
        except BaseException:
            self._set_generators(before)
            raise
        with np.errstate(all="ignore"):
            self._update(gradients, norm, rule, step)
        for name, array in passed.state.items():
            self._weights[name][...] = array
        batch = len(next(iter(arrays.values())))
        return StepResult(
            loss=loss,
            losses=means,
            penalties=penalties,
            grad_norm=norm,
            values={name: passed.values[name] for name in self.plan.outputs},
            taps=self._tapped(taps, passed, returned, batch),
        )

    def weights(self) -> Mapping[str, Array]:
        """Copies of the parameters and running statistics, by full name, in running order."""
        return {name: array.copy() for name, array in self._weights.items()}

    def state(self) -> ExecutableState:
        """Everything needed to go on exactly."""
        arrays = dict(self.weights())
        for name, slots in self._slots.items():
            for slot, array in slots.items():
                arrays[f"{name}/{slot}"] = array.copy()
        generators = {f"layer:{name}": state for name, state in self._generator_states().items()}
        return ExecutableState(arrays, generators)

    def restore(self, state: ExecutableState) -> None:
        """Go on from a state; it is checked whole before anything changes.

        Raises:
            EngineError: a name or shape does not belong to the plan, or one is missing.
        """
        weights = {name: array for name, array in state.arrays.items() if "/" not in name}
        refuse_strangers(self.plan, weights)
        names = {f"layer:{name}": name for name in self._rngs}
        for missing in [*(self._weights.keys() - weights), *(names.keys() - state.generators)]:
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
            self._weights[name][...] = array
        self._set_generators({names[full]: s for full, s in state.generators.items()})
        self._slots, self._slots_of = slots, None

    # --- What a call needs -------------------------------------------------------------------

    def _program(
        self,
        outputs: Sequence[str],
        taps: Sequence[Tap],
        *,
        losses: Sequence[str],
        tapped: Sequence[str],
        train: bool,
    ) -> Program:
        key = (tuple(outputs), tuple(taps), tuple(losses), tuple(tapped), train)
        program = self._programs.get(key)
        if program is None:
            values = [tap.node for tap in taps if tap.what == "value"]
            gradients = [tap.node for tap in taps if tap.what == "grad"]
            for name in gradients:
                if name in self.plan.inputs and self.plan.inputs[name].dtype == "int":
                    raise EngineError(f"{name!r} is a label: it has no gradient to tap")
            program = self._programs[key] = make_program(
                self.plan,
                dict.fromkeys([*outputs, *values]),
                losses=losses,
                tapped=dict.fromkeys([*tapped, *gradients]),
                train=train,
                faster=self._faster,
            )
        return program

    def _losses(self) -> tuple[str, ...]:
        if not self.plan.losses:
            raise EngineError(
                "there is no loss to take gradients of: add a loss layer (softmax_loss, "
                "hinge_loss, l2_loss), or compile the graph with its losses among the outputs"
            )
        return self.plan.losses

    def _read(self, feeds: Feeds, program: Program) -> dict[str, Array]:
        known = self.plan.spec.input_by_id
        return read_feeds(feeds, program.inputs, known, self.dtype, self._soft)

    def _modes(self, training: bool) -> Mapping[str, Mode]:
        return self._training if training else self._evaluation

    # --- Generators --------------------------------------------------------------------------

    def _generator_states(self) -> dict[str, Mapping[str, Any]]:
        return {name: read_state(rng) for name, rng in self._rngs.items()}

    def _set_generators(self, states: Mapping[str, Mapping[str, Any]]) -> None:
        for name, state in states.items():
            write_state(self._rngs[name], state)

    @contextmanager
    def _changing_no_generator(self, training: bool) -> Iterator[None]:
        before = self._generator_states() if training else {}
        try:
            yield
        finally:
            self._set_generators(before)

    # --- Gradients and the update ------------------------------------------------------------

    def _param_gradients(self, returned: Returned) -> dict[str, Array]:
        """One gradient per trained parameter, in running order."""
        return {
            name: returned.params[name]
            if name in returned.params
            else np.zeros(param.shape, self.dtype)
            for name, param in self.plan.params.items()
            if param.trained
        }

    def _value_gradient(self, returned: Returned, name: str, batch: int) -> Array:
        if name in returned.values:
            return returned.values[name]
        inputs, nodes = self.plan.inputs, self.plan.by_id
        tensor = inputs[name] if name in inputs else nodes[name].output
        return np.zeros((batch, *tensor.shape), self.dtype)

    def _tapped(
        self, taps: Sequence[Tap], passed: Passed, returned: Returned, batch: int
    ) -> dict[Tap, Array]:
        return {
            tap: passed.values[tap.node]
            if tap.what == "value"
            else self._value_gradient(returned, tap.node, batch)
            for tap in taps
        }

    def _penalise(self, gradients: Mapping[str, Array], step: Step) -> tuple[float, ...]:
        """Add every penalty's gradient in place, and give the penalties' values."""
        values = []
        for penalty in step.penalties:
            terms = []
            for name, dw in gradients.items():
                if self.plan.params[name].decay and penalty.covers(_layer_of(name)):
                    w = self._weights[name]
                    terms.append(penalty.value(w))
                    penalty.add_gradient(w, dw)
            values.append(sum(terms, 0.0))
        return tuple(values)

    def _update(
        self, gradients: Mapping[str, Array], norm: float, rule: UpdateRule, step: Step
    ) -> None:
        if type(rule) is not self._slots_of:
            self._take_slots(rule, gradients)
        clip = step.clip_norm is not None and norm > step.clip_norm
        for name, dw in gradients.items():
            w = self._weights[name]
            if clip and step.clip_norm is not None:
                dw *= step.clip_norm / norm
            param = self.plan.params[name]
            if param.decay:
                rule.decay_weight(w, rate=step.rate)
            rule.update(w, dw, self._slots[name], rate=step.rate, step=step.index)
            for constraint in step.constraints:
                if param.decay and constraint.covers(_layer_of(name)):
                    constraint.project(w, param.fan_in)

    def _take_slots(self, rule: UpdateRule, gradients: Mapping[str, Array]) -> None:
        """Make the rule's memory; what was restored goes in, another rule's is dropped."""
        restored = self._slots if self._slots_of is None else {}
        fresh = {name: rule.slots(self._weights[name]) for name in gradients}
        for name, slots in fresh.items():
            for slot, array in slots.items():
                if slot in restored.get(name, {}):
                    array[...] = restored[name][slot]
        self._slots, self._slots_of = fresh, type(rule)

    def _name_the_culprit(self, program: Program, arrays: dict[str, Array], step: Step) -> NoReturn:
        """Repeat the step with its own draws, and stop at the first number that is not finite."""

        def watch(name: str, what: Literal["value", "gradient"], array: Array) -> None:
            if not _is_finite(array):
                raise NonFiniteError(name, what, step.index)

        passed = forward(program, arrays, self._params, self._training, watch)
        for full, array in passed.state.items():
            watch(_layer_of(full), "value", array)
        gradients = self._param_gradients(backward(program, passed, self._params, watch))
        self._penalise(gradients, step)
        for full, dw in gradients.items():
            watch(_layer_of(full), "gradient", dw)
        # Every number is finite, yet the sum of them is not.
        raise NonFiniteError(program.losses[-1], "value", step.index)


def _layer_of(name: str) -> str:
    """``conv1`` of ``conv1.weight``."""
    return name.rsplit(".", 1)[0]


def _is_finite(array: Array) -> bool:
    return bool(np.isfinite(array).all())


def _global_norm(gradients: Mapping[str, Array]) -> float:
    """√(Σ dw²) over all parameters."""
    squares = sum(float(np.vdot(dw, dw)) for dw in gradients.values())
    if not math.isfinite(squares):
        # Squares of large float32 numbers overflow before the numbers themselves do.
        squares = sum(float(np.square(dw, dtype=np.float64).sum()) for dw in gradients.values())
    return math.sqrt(squares)
