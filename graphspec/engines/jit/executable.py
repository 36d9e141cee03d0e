"""A plan with its arrays, run by compiled kernels."""

from __future__ import annotations

import math
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, Literal

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
from graphspec.engines.jit.arena import Arena, allocate
from graphspec.engines.jit.buffers import Value, outside
from graphspec.engines.jit.lowering.catalog import Catalog
from graphspec.engines.jit.lowering.fallback import Environment
from graphspec.engines.jit.lowering.lower import lower
from graphspec.engines.jit.lowering.site import Accuracy, Call
from graphspec.engines.jit.running import Running
from graphspec.engines.jit.table import BoundTable
from graphspec.engines.jit.threads import Pool
from graphspec.engines.numpy.blas import one_thread
from graphspec.engines.numpy.calls import Calls
from graphspec.engines.numpy.culprit import name_the_culprit
from graphspec.engines.numpy.program import Program
from graphspec.engines.numpy.state import State
from graphspec.engines.numpy.updating import (
    constrain,
    global_norm,
    is_finite,
    layer_of,
    norm_of_each,
    penalise,
    update,
)
from graphspec.plan import Plan
from graphspec.recipe.rules.base import UpdateRule

if TYPE_CHECKING:
    from graphspec.engines.jit.updating import Norm, Penaliser, Updater

FLOAT = np.dtype(np.float32)


class JitExecutable:
    """A plan with its arrays, run by compiled kernels.

    State and calls are those of the numpy executable, so that checkpoints of the two can be
    exchanged; so are the search for the first number that is not finite, and whatever of the update
    has no kernel.
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
        self.plan, self.dtype = plan, FLOAT
        self._state, self._calls = State(plan, seed, weights, FLOAT), Calls(plan, FLOAT)
        self._threads, self._accuracy, self._catalog = threads, accuracy, catalog
        trained = {name: param.shape for name, param in plan.params.items() if param.trained}
        rest = {name: param.shape for name, param in plan.params.items() if not param.trained}
        everything = {name: array.shape for name, array in self._state.weights.items()}
        self._state.move_into(_block(everything)[0])
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
        """As ``Executable.run``."""
        program = self._calls.running(outputs, taps)
        wanted = self.plan.outputs if outputs is None else tuple(outputs)
        keep = (*wanted, *(tap.node for tap in taps))
        with self._lock, self._state.changing_no_generator(training):
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
        """As ``Executable.grad``."""
        asked = self._calls.asked(wrt)
        program = self._calls.learning(taps, tapped=asked, train=wrt == "params")
        with self._lock, self._state.changing_no_generator(training):
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
        """As ``Executable.train_step``, in the order of the numpy executable."""
        program, state = self._calls.learning(taps), self._state
        with self._lock:
            before = state.generators()
            try:
                running, env = self._pass(
                    program, self._kept(taps), feeds, training=True, fixed=False
                )
                means = {name: running.mean(name, env) for name in program.losses}
                statistics = running.statistics(env)
                with np.errstate(all="ignore"):
                    penalties = self._penalise(step)
                    loss = sum(means.values())
                    norm = self._norm()
                    grad_norms = norm_of_each(self._gradients) if step.norms else {}
                    finite = math.isfinite(loss + sum(penalties)) and math.isfinite(norm)
                    if not finite or not all(map(is_finite, statistics.values())):
                        state.set_generators(before)
                        arrays = self._calls.read(feeds, program)
                        name_the_culprit(state, program, arrays, step)
            except BaseException:
                state.set_generators(before)
                raise
            with np.errstate(all="ignore"):
                self._update(norm, rule, step)
            for name, array in statistics.items():
                state.weights[name][...] = array
            self._version += 1
            return StepResult(
                loss=loss,
                losses=means,
                penalties=penalties,
                grad_norm=norm,
                grad_norms=grad_norms,
                values={name: running.value(name, env) for name in self.plan.outputs},
                taps=self._taps(running, env, taps),
            )

    def weights(self) -> Mapping[str, Array]:
        """As ``Executable.weights``."""
        return self._state.copies()

    def state(self) -> ExecutableState:
        """As ``Executable.state``."""
        return self._state.snapshot()

    def restore(self, state: ExecutableState) -> None:
        """As ``Executable.restore``; a state is checked whole before anything changes."""
        with self._lock:
            self._state.restore(state)
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
        program = self._calls.learning(()) if training else self._calls.running(None, ())
        arrays = self._calls.read(feeds, program)
        running = self._lowered(
            program, self.plan.outputs, arrays, training=training, fixed=not training
        )
        state = self._state
        modes = state.modes(training)
        return running, lambda: Environment(dict(arrays), state.params, modes)

    def lowered_update(self, rule: UpdateRule) -> tuple[BoundTable, ...]:
        """The norm and the update behind such a step; none where they go through numpy."""
        from graphspec.engines.jit.updating import known

        if not known(rule):
            return ()
        norm, updater = self._norm_kernel(), self._updater_of(rule)
        updater.set(rule, rate=rule.rate, step=0, clip=1.0)
        return norm.table, updater.table

    # --- The arrays, as lowerings see them ---------------------------------------------------

    def weight(self, full: str) -> Value:
        """A parameter or running statistic."""
        return outside(full, self._state.weights[full])

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
        arrays = self._calls.read(feeds, program)
        running = self._lowered(program, keep, arrays, training=training, fixed=fixed)
        env = Environment(arrays, self._state.params, self._state.modes(training))
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
        return self._norm_kernel()() if self._catalog else global_norm(self._gradients)

    def _norm_kernel(self) -> Norm:
        from graphspec.engines.jit.updating import Norm

        if self._norm_of_all is None:
            self._norm_of_all = Norm(self._gradient_memory, self._pool)
        return self._norm_of_all

    def _penalise(self, step: Step) -> tuple[float, ...]:
        """As the numpy executable does it; in one pass over each weight where kernels can."""
        from graphspec.engines.jit.updating import Penaliser, all_known

        gradients, params = self._gradients, self.plan.params
        if not (self._catalog and step.penalties and all_known(step.penalties)):
            return penalise(self._state, gradients, step)
        key = tuple(penalty.only for penalty in step.penalties)
        if key not in self._penalisers:
            decaying = [name for name in gradients if params[name].decay]
            covered = [
                {name for name in decaying if penalty.covers(layer_of(name))}
                for penalty in step.penalties
            ]
            weights = self._state.weights
            self._penalisers[key] = Penaliser(covered, weights, gradients, self._pool)
        return self._penalisers[key].run(step.penalties)

    def _update(self, norm: float, rule: UpdateRule, step: Step) -> None:
        """As the numpy executable does it; with one run of kernels where the rule has some."""
        from graphspec.engines.jit.updating import known

        state, gradients = self._state, self._gradients
        if not self._catalog or not known(rule):
            self._updater = None
            update(state, gradients, norm, rule, step)
            return
        updater = self._updater_of(rule)
        clips = step.clip_norm is not None and norm > step.clip_norm
        clip = step.clip_norm / norm if step.clip_norm is not None and clips else 1.0
        updater.run(rule, rate=step.rate, step=step.index, clip=clip)
        constrain(state, gradients, step)

    def _updater_of(self, rule: UpdateRule) -> Updater:
        from graphspec.engines.jit.updating import Updater

        state = self._state
        if state.slots_for(rule) or self._updater is None:
            decaying = {name for name, param in self.plan.params.items() if param.decay}
            self._updater = Updater(
                rule, state.weights, self._gradients, state.slots, decaying, self._pool
            )
        return self._updater

    def _gradient(self, running: Running, env: Environment, name: str) -> Array:
        found = running.gradient(name, env)
        return self._calls.zeros(name, running.batch) if found is None else found

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
