"""Gradients of a whole network against centred differences, with a verdict for each parameter."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from graphspec.engines.base import Array, Engine, Executable, Feeds, Tap
from graphspec.engines.generators import generator
from graphspec.engines.numpy import NumpyEngine
from graphspec.errors import OptionError
from graphspec.inspect.gradient import relative_error
from graphspec.inspect.kinks import crossed_kinks, kinked_layers
from graphspec.plan import Plan
from graphspec.recipe.penalties.base import Penalty

Verdict = Literal["good", "ok", "high", "suspicious", "wrong"]
VERDICTS: tuple[Verdict, ...] = ("good", "ok", "high", "suspicious", "wrong")
"""From the best to the worst."""
STEP = 1e-5
STEPS = tuple(10.0**-power for power in range(3, 11))
"""The steps of a sweep, 1e-3 to 1e-10."""
_KINKED_PENALTIES = ("l1", "elastic_net")


def verdict(error: float, *, kinks: bool) -> Verdict:
    """What a relative error means.

    Above 1e-2 the gradient is probably wrong; above 1e-4 it is suspicious; above 1e-7 it is ok for
    a loss with kinks and high for one without; below that it is good. NaN is wrong.

    Source: CS231n notes, Neural Networks 3, gradient checks.
    """
    if not error <= 1e-2:
        return "wrong"
    if error > 1e-4:
        return "suspicious"
    if error > 1e-7:
        return "ok" if kinks else "high"
    return "good"


@dataclass(frozen=True, slots=True)
class Sample:
    """One number of one parameter: its gradient both ways, and how far they are apart.

    ``explained`` tells why a difference is no fault: "kink", a maximum had another winner on the
    other side of the step (``layers`` says where), or "rounding", the loss has too few digits to
    show a gradient that small.
    """

    index: tuple[int, ...]
    analytic: float
    numeric: float
    explained: Literal["", "kink", "rounding"] = ""
    layers: tuple[str, ...] = ()

    @property
    def error(self) -> float:
        """|a − n| / max(|a|, |n|), 0 where both are zero."""
        return relative_error(np.array(self.analytic), np.array(self.numeric))


@dataclass(frozen=True, slots=True)
class ParamCheck:
    """The samples of one parameter."""

    name: str
    samples: tuple[Sample, ...]
    kinks: bool

    @property
    def error(self) -> float:
        """The largest relative error that nothing explains."""
        errors = [sample.error for sample in self.samples if not sample.explained]
        return float("nan") if any(map(math.isnan, errors)) else max(errors, default=0.0)

    @property
    def verdict(self) -> Verdict:
        """What the largest error means."""
        return verdict(self.error, kinks=self.kinks)

    def count(self, why: Literal["kink", "rounding"]) -> int:
        """How many samples have this explanation."""
        return sum(sample.explained == why for sample in self.samples)


@dataclass(frozen=True, slots=True)
class GradientReport:
    """Data loss and penalties, checked apart: the one can hide a fault of the other."""

    h: float
    examples: int
    kinked: tuple[str, ...]
    """The layers with kinks."""
    data: tuple[ParamCheck, ...]
    penalty: tuple[ParamCheck, ...]
    """Empty where there are no penalties."""

    @property
    def verdict(self) -> Verdict:
        """The worst of all."""
        return worst(self.data + self.penalty)

    def to_json(self) -> dict[str, Any]:
        """The report as JSON values."""
        return {
            "h": self.h,
            "examples": self.examples,
            "kinked": list(self.kinked),
            "verdict": self.verdict,
            "data": {"verdict": worst(self.data), "params": [_told(one) for one in self.data]},
            "penalty": None
            if not self.penalty
            else {
                "verdict": worst(self.penalty),
                "params": [_told(one) for one in self.penalty],
            },
        }


def worst(checks: Iterable[ParamCheck]) -> Verdict:
    """The worst verdict of some parameters."""
    return max((one.verdict for one in checks), key=VERDICTS.index, default="good")


def in_double(executable: Executable, engine: Engine | None = None) -> Executable:
    """The same network with the same weights in float64, as the check needs it.

    The given one is left as it is, so that there is nothing to be restored.

    Args:
        executable: of any engine and type.
        engine: one of float64; None takes numpy.
    """
    weights = {name: array.astype(np.float64) for name, array in executable.weights().items()}
    return (engine or NumpyEngine("float64")).load(executable.plan, seed=0, weights=weights)


def check_gradients(
    executable: Executable,
    feeds: Feeds,
    *,
    penalties: Sequence[Penalty] = (),
    h: float = STEP,
    samples: int = 5,
    training: bool = False,
    seed: int = 0,
    engine: Engine | None = None,
    progress: Callable[[float], None] | None = None,
) -> GradientReport:
    """Compare some numbers of every parameter's gradient with centred differences, in float64.

    Args:
        executable: the network, of any type; it is left as it was.
        feeds: few examples: with each one there are more kinks to cross.
        penalties: regularisation, which is checked apart from the data loss.
        h: the step.
        samples: how many numbers of each parameter, drawn at random.
        training: False turns noise off (dropout keeps all); True holds it fixed: both sides of a
            difference draw the same numbers.
        seed: of the choice of numbers.
        engine: what computes, of float64; None takes numpy.
        progress: is told the share of the parameters that is done, after each.

    Raises:
        FeedError: an input is missing, unknown, empty, or of the wrong shape or type.
        EngineError: the network has no loss.
        OptionError: ``h`` or ``samples`` is not above 0.

    Source: CS231n notes, Neural Networks 3, gradient checks.
    """
    if not h > 0 or samples < 1:
        raise OptionError(f"the step is {h:g} with {samples} samples; both must be above 0")
    double, wide = in_double(executable, engine), _wide(feeds)
    chosen = _choose(double.plan, samples, seed)
    analytic = double.grad(wide, training=training).by_name
    kinked = kinked_layers(double.plan)
    walker = _Walker(double, wide, training)
    data = []
    for name, indices in chosen.items():
        found = [walker.sample(name, i, float(analytic[name][i]), h) for i in indices]
        data.append(ParamCheck(name, tuple(found), bool(kinked)))
        if progress is not None:
            progress(len(data) / len(chosen))
    examples = len(next(iter(wide.values())))
    return GradientReport(h, examples, kinked, tuple(data), _penalty(double, penalties, chosen, h))


@dataclass(frozen=True, slots=True)
class StepSweep:
    """How far the gradients are apart for each step: ‖a − n‖ / max(‖a‖, ‖n‖) over all samples.

    Large steps miss the curvature (error of order h²), small ones lose digits (order 1/h).
    """

    steps: tuple[float, ...]
    errors: tuple[float, ...]

    @property
    def best(self) -> float:
        """The step with the smallest error."""
        return self.steps[int(np.argmin(self.errors))]


def sweep_steps(
    executable: Executable,
    feeds: Feeds,
    *,
    steps: Sequence[float] = STEPS,
    samples: int = 5,
    training: bool = False,
    seed: int = 0,
    engine: Engine | None = None,
    progress: Callable[[float], None] | None = None,
) -> StepSweep:
    """Check the data loss with several steps; ``progress`` is told the share that is done.

    Raises:
        FeedError, EngineError, OptionError: as for ``check_gradients``.
    """
    errors: list[float] = []
    for h in steps:
        report = check_gradients(
            executable, feeds, h=h, samples=samples, training=training, seed=seed, engine=engine
        )
        found = [sample for check in report.data for sample in check.samples]
        a = np.array([sample.analytic for sample in found])
        n = np.array([sample.numeric for sample in found])
        larger = max(float(np.linalg.norm(a)), float(np.linalg.norm(n)))
        errors.append(float(np.linalg.norm(a - n)) / larger if larger else 0.0)
        if progress is not None:
            progress(len(errors) / len(steps))
    return StepSweep(tuple(steps), tuple(errors))


class _Walker:
    """The loss with one weight moved."""

    def __init__(self, executable: Executable, feeds: Feeds, training: bool) -> None:
        self._executable, self._feeds, self._training = executable, feeds, training
        self._before = executable.state()

    def sample(self, name: str, index: tuple[int, ...], analytic: float, h: float) -> Sample:
        above, below = self._losses(name, index, h)
        # Subtracted before they are summed: what does not change adds no rounding error.
        numeric = float(sum(np.mean(a - b) for a, b in zip(above, below, strict=True)) / (2 * h))
        found = Sample(index, analytic, numeric)
        if found.error <= 1e-7:
            return found
        largest = max(float(np.abs(losses).mean()) for losses in (*above, *below))
        if abs(analytic - numeric) <= 4 * np.finfo(np.float64).eps * largest / h:
            return replace(found, explained="rounding")
        layers = self._crossed(name, index, h)
        return replace(found, explained="kink", layers=layers) if layers else found

    def _losses(
        self, name: str, index: tuple[int, ...], h: float
    ) -> tuple[list[Array], list[Array]]:
        """The losses of every example above and below."""
        names = self._executable.plan.losses
        found = []
        try:
            for step in (h, -h):
                self._move(name, index, step)
                values = self._executable.run(
                    self._feeds, outputs=names, training=self._training
                ).values
                found.append([np.array(values[loss]) for loss in names])
        finally:
            self._executable.restore(self._before)
        return found[0], found[1]

    def _crossed(self, name: str, index: tuple[int, ...], h: float) -> tuple[str, ...]:
        plan = self._executable.plan
        taps = [Tap(node.id) for node in plan.nodes]
        values, params = [], []
        for step in (-h, h):
            try:
                self._move(name, index, step)
                found = self._executable.run(
                    self._feeds, outputs=plan.losses, training=self._training, taps=taps
                ).taps
                params.append(self._executable.weights())
            finally:
                self._executable.restore(self._before)
            values.append(dict(self._feeds) | {tap.node: found[tap] for tap in taps})
        return crossed_kinks(
            plan, values[0], values[1], (params[0], params[1]), training=self._training
        )

    def _move(self, name: str, index: tuple[int, ...], step: float) -> None:
        moved = np.array(self._before.arrays[name], copy=True)
        moved[index] += step
        arrays = {**self._before.arrays, name: moved}
        self._executable.restore(replace(self._before, arrays=arrays))


def _penalty(
    executable: Executable,
    penalties: Sequence[Penalty],
    chosen: Mapping[str, Sequence[tuple[int, ...]]],
    h: float,
) -> tuple[ParamCheck, ...]:
    if not penalties:
        return ()
    kinks = any(getattr(penalty, "kind", "") in _KINKED_PENALTIES for penalty in penalties)
    weights, checks = executable.weights(), []
    for name, indices in chosen.items():
        param = executable.plan.params[name]
        covering = [item for item in penalties if item.covers(name.rsplit(".", 1)[0])]
        if not param.decay or not covering:
            continue
        w = np.array(weights[name])
        dw = np.zeros_like(w)
        for item in covering:
            item.add_gradient(w, dw)
        samples = []
        for index in indices:
            # One number alone: a sum over all of them would hide its digits.
            centre = w[index]
            ends = [sum(p.value(np.array([centre + s])) for p in covering) for s in (h, -h)]
            found = Sample(index, float(dw[index]), (ends[0] - ends[1]) / (2 * h))
            if kinks and abs(centre) <= h and found.error > 1e-7:
                found = replace(found, explained="kink")
            samples.append(found)
        checks.append(ParamCheck(name, tuple(samples), kinks))
    return tuple(checks)


def _choose(plan: Plan, samples: int, seed: int) -> dict[str, list[tuple[int, ...]]]:
    """Some places of every trained parameter, in rising order; all of a small one."""
    chosen = {}
    for name, param in plan.params.items():
        if param.trained:
            size = math.prod(param.shape)
            rng = generator(seed, f"check:{name}")
            flat = np.sort(rng.choice(size, min(samples, size), replace=False))
            chosen[name] = [
                tuple(int(i) for i in np.unravel_index(place, param.shape)) for place in flat
            ]
    return chosen


def _wide(feeds: Feeds) -> dict[str, Array]:
    return {
        name: array.astype(np.float64) if array.dtype.kind == "f" else array
        for name, array in feeds.items()
    }


def _told(check: ParamCheck) -> dict[str, Any]:
    return {
        "name": check.name,
        "verdict": check.verdict,
        "error": check.error if math.isfinite(check.error) else None,
        "kinks": check.count("kink"),
        "rounding": check.count("rounding"),
        "samples": [
            {
                "index": list(sample.index),
                "analytic": sample.analytic,
                "numeric": sample.numeric,
                "explained": sample.explained or None,
                "layers": list(sample.layers),
            }
            for sample in check.samples
        ],
    }
