"""A plan with its arrays, run by compiled kernels."""

from __future__ import annotations

import math
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from graphspec.engines.base import Array, Feeds, Gradients, Outputs, Step, StepResult, Tap
from graphspec.engines.jit.arena import Arena, allocate
from graphspec.engines.jit.buffers import Value, outside
from graphspec.engines.jit.lowering.catalog import Catalog
from graphspec.engines.jit.lowering.fallback import Environment
from graphspec.engines.jit.lowering.lower import lower
from graphspec.engines.jit.lowering.site import Accuracy, Call
from graphspec.engines.jit.running import Running
from graphspec.engines.jit.threads import Pool
from graphspec.engines.numpy.blas import one_thread
from graphspec.engines.numpy.executable import (
    NumpyExecutable,
    _global_norm,
    _is_finite,
    _layer_of,
)
from graphspec.engines.numpy.program import Program
from graphspec.errors import EngineError
from graphspec.plan import Plan
from graphspec.recipe.rules.base import UpdateRule

if TYPE_CHECKING:
    from graphspec.engines.jit.updating import Norm, Penaliser, Updater

FLOAT = np.dtype(np.float32)


class JitExecutable(NumpyExecutable):
    """A plan with its arrays, run by compiled kernels.

    Weights, generators, update rules and the search for the first number that is not finite are
    those of the numpy executable: only the forward and backward passes differ, and the update where
    the rule has a kernel. So states of the two can be exchanged.
    """

    def __init__(
        self,
        plan: Plan,
        seed: int,
        weights: Mapping[str, Array] | None,
        *,
        threads: int,
        accuracy: Accuracy,
        catalog: Catalog,
        guarded: bool = False,
    ) -> None:
        super().__init__(plan, seed, weights, FLOAT)
        self._threads, self._accuracy, self._catalog = threads, accuracy, catalog
        trained = {name: param.shape for name, param in plan.params.items() if param.trained}
        rest = {name: param.shape for name, param in plan.params.items() if not param.trained}
        first = self._weights
        self._weights, _ = _block({name: array.shape for name, array in first.items()})
        # One by one: large networks need not be there twice.
        self._params = {}
        for name in list(first):
            self._weights[name][...] = first.pop(name)
        self._params = {
            node.id: {local: self._weights[f"{node.id}.{local}"] for local in node.params}
            for node in plan.nodes
        }
        self._gradients, self._gradient_memory = _block(trained)
        self._new_statistics, _ = _block(rest)
        self._arena = Arena(guarded=guarded)
        self._pool = Pool(threads)
        weakref.finalize(self, Pool.close, self._pool)
        self._running: dict[Any, Running] = {}
        self._version = 0
        self._norm_of_all: Norm | None = None
        self._updater: Updater | None = None
        self._penalisers: dict[Any, Penaliser] = {}
        self._lock = threading.RLock()

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
        keep = (*wanted, *(tap.node for tap in taps))
        with self._lock, self._changing_no_generator(training):
            running, env = self._pass(program, keep, feeds, training=training, fixed=True)
            return Outputs(
                {name: running.value(name, env) for name in wanted},
                {tap: running.value(tap.node, env) for tap in taps},
            )

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
        with self._lock, self._changing_no_generator(training):
            running, env = self._pass(
                program, self._kept(taps), feeds, training=training, fixed=True
            )
            means = {name: running.mean(name, env) for name in program.losses}
            by_name = (
                {name: array.copy() for name, array in self._gradients.items()}
                if wrt == "params"
                else {name: self._gradient(running, env, name) for name in asked}
            )
            return Gradients(
                loss=sum(means.values()),
                losses=means,
                by_name=by_name,
                values={name: running.value(name, env) for name in self.plan.outputs},
                taps=self._taps(running, env, taps),
            )

    def train_step(
        self, feeds: Feeds, rule: UpdateRule, step: Step, *, taps: Sequence[Tap] = ()
    ) -> StepResult:
        """Forward, backward and update, as the numpy executable does them.

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
        with self._lock:
            before = self._generator_states()
            try:
                running, env = self._pass(
                    program, self._kept(taps), feeds, training=True, fixed=False
                )
                means = {name: running.mean(name, env) for name in program.losses}
                statistics = running.statistics(env)
                with np.errstate(all="ignore"):
                    penalties = self._penalise(self._gradients, step)
                    loss = sum(means.values())
                    norm = self._norm()
                    finite = math.isfinite(loss + sum(penalties)) and math.isfinite(norm)
                    if not finite or not all(map(_is_finite, statistics.values())):
                        self._set_generators(before)
                        self._name_the_culprit(program, self._read(feeds, program), step)
            except BaseException:
                self._set_generators(before)
                raise
            with np.errstate(all="ignore"):
                self._update(self._gradients, norm, rule, step)
            for name, array in statistics.items():
                self._weights[name][...] = array
            self._version += 1
            return StepResult(
                loss=loss,
                losses=means,
                penalties=penalties,
                grad_norm=norm,
                values={name: running.value(name, env) for name in self.plan.outputs},
                taps=self._taps(running, env, taps),
            )

    def restore(self, state: Any) -> None:
        """Go on from a state; it is checked whole before anything changes.

        Raises:
            EngineError: a name or shape does not belong to the plan, or one is missing.
        """
        with self._lock:
            super().restore(state)
            self._version += 1

    def lowered_step(
        self, feeds: Feeds, *, training: bool
    ) -> tuple[Running, Callable[[], Environment]]:
        """The rows of a training step on such feeds, or of an evaluation, to be looked at.

        The second is what each run of them needs anew.

        Raises:
            FeedError: as for ``run``.
            EngineError: the plan has no loss to train by.
        """
        losses = self._losses() if training else ()
        program = self._program(self.plan.outputs, (), losses=losses, tapped=(), train=training)
        arrays = self._read(feeds, program)
        running = self._lowered(
            program, self.plan.outputs, arrays, training=training, fixed=not training
        )
        modes = self._modes(training)
        return running, lambda: Environment(dict(arrays), self._params, modes)

    # --- The arrays, as lowerings see them ---------------------------------------------------

    def weight(self, full: str) -> Value:
        """A parameter or running statistic."""
        return outside(full, self._weights[full])

    def gradient(self, full: str) -> Value:
        """The gradient of a parameter."""
        return outside(f"{full} gradient", self._gradients[full])

    def new_statistic(self, full: str) -> Value:
        """Where a running statistic's new value waits until the step is known to be finite."""
        return outside(f"{full} new", self._new_statistics[full])

    # --- Passes ------------------------------------------------------------------------------

    def _pass(
        self,
        program: Program,
        keep: Sequence[str],
        feeds: Feeds,
        *,
        training: bool,
        fixed: bool,
    ) -> tuple[Running, Environment]:
        arrays = self._read(feeds, program)
        running = self._lowered(program, keep, arrays, training=training, fixed=fixed)
        env = Environment(arrays, self._params, self._modes(training))
        for name in self._gradients.keys() - running.lowered.written if program.losses else ():
            self._gradients[name][...] = 0
        with calm() if running.uses_numpy else nullcontext():
            running.run(env, self._version)
        return running, env

    def _lowered(
        self,
        program: Program,
        keep: Sequence[str],
        arrays: Mapping[str, Array],
        *,
        training: bool,
        fixed: bool,
    ) -> Running:
        fed = {name: (array.shape, array.dtype) for name, array in arrays.items()}
        # Programs are kept as long as the executable, so that their identity is a name.
        key = (id(program), training, fixed, *fed.values())
        running = self._running.get(key)
        if running is None:
            batch = len(next(iter(arrays.values())))
            forward_only = not program.losses
            call = Call(batch, training, self._threads, self._accuracy, fixed, forward_only, fed)
            lowered = lower(program, self.plan, call, keep, self, self._catalog)
            running = self._running[key] = Running(lowered, self._arena, self._pool, batch)
        return running

    def _kept(self, taps: Sequence[Tap]) -> tuple[str, ...]:
        return (*self.plan.outputs, *(tap.node for tap in taps if tap.what == "value"))

    def _norm(self) -> float:
        if not self._catalog:
            return _global_norm(self._gradients)
        if self._norm_of_all is None:
            from graphspec.engines.jit.updating import Norm

            self._norm_of_all = Norm(self._gradient_memory, self._pool)
        return self._norm_of_all()

    def _penalise(self, gradients: Mapping[str, Array], step: Step) -> tuple[float, ...]:
        """As the numpy executable does it; in one pass over each weight where kernels can."""
        from graphspec.engines.jit.updating import Penaliser, all_known

        ours = self._catalog and gradients is self._gradients and all_known(step.penalties)
        if not (ours and step.penalties):
            return super()._penalise(gradients, step)
        key = tuple(penalty.only for penalty in step.penalties)
        if key not in self._penalisers:
            covered = [
                {
                    name
                    for name in gradients
                    if self.plan.params[name].decay and penalty.covers(_layer_of(name))
                }
                for penalty in step.penalties
            ]
            self._penalisers[key] = Penaliser(covered, self._weights, gradients, self._pool)
        return self._penalisers[key].run(step.penalties)

    def _update(
        self, gradients: Mapping[str, Array], norm: float, rule: UpdateRule, step: Step
    ) -> None:
        """As the numpy executable does it; with one run of kernels where the rule has some."""
        from graphspec.engines.jit.updating import Updater, known

        if not self._catalog or not known(rule):
            super()._update(gradients, norm, rule, step)
            return
        if type(rule) is not self._slots_of:
            self._take_slots(rule, gradients)
        if self._updater is None:
            decaying = {name for name, param in self.plan.params.items() if param.decay}
            self._updater = Updater(
                rule, self._weights, gradients, self._slots, decaying, self._pool
            )
        clips = step.clip_norm is not None and norm > step.clip_norm
        clip = step.clip_norm / norm if step.clip_norm is not None and clips else 1.0
        self._updater.run(rule, rate=step.rate, step=step.index, clip=clip)
        for constraint in step.constraints:
            for name in gradients:
                param = self.plan.params[name]
                if param.decay and constraint.covers(_layer_of(name)):
                    constraint.project(self._weights[name], param.fan_in)

    def _take_slots(self, rule: UpdateRule, gradients: Mapping[str, Array]) -> None:
        super()._take_slots(rule, gradients)
        self._updater = None

    def _gradient(self, running: Running, env: Environment, name: str) -> Array:
        found = running.gradient(name, env)
        if found is not None:
            return found
        inputs, nodes = self.plan.inputs, self.plan.by_id
        tensor = inputs[name] if name in inputs else nodes[name].output
        return np.zeros((running.batch, *tensor.shape), FLOAT)

    def _taps(self, running: Running, env: Environment, taps: Sequence[Tap]) -> dict[Tap, Array]:
        return {
            tap: running.value(tap.node, env)
            if tap.what == "value"
            else self._gradient(running, env, tap.node)
            for tap in taps
        }


@contextmanager
def calm() -> Iterator[None]:
    """What numpy needs around it: BLAS on one thread, and no warnings of overflow."""
    with one_thread(), np.errstate(all="ignore"):
        yield


def _block(shapes: Mapping[str, tuple[int, ...]]) -> tuple[dict[str, Array], Array]:
    """Arrays of zeros in one piece of memory, each on a cache line of its own, and all of it."""
    starts, size = {}, 0
    for name, shape in shapes.items():
        starts[name] = size
        size += -(-math.prod(shape) // 16) * 16
    memory = allocate(size * FLOAT.itemsize, zeros=True).view(FLOAT)
    return {
        name: memory[starts[name] : starts[name] + math.prod(shape)].reshape(shape)
        for name, shape in shapes.items()
    }, memory
