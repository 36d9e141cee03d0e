"""One layer's backward against centred differences of its forward, without a network around it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from graphspec.edit import port_name
from graphspec.engines.generators import generator
from graphspec.errors import EngineError
from graphspec.inspect.gradient_check import STEP, ParamCheck, Sample
from graphspec.inspect.kinks import KINKED
from graphspec.layers.base import Array, Forward, Layer, Mode
from graphspec.tensor import TensorSpec

_JUMP = 1e-2
"""A gradient that changes by more than this share of itself within a step has a kink there."""

_DRAWN = 50
"""Places that are looked at for each that is taken."""


def check_layer(
    layer: Layer,
    inputs: Sequence[TensorSpec],
    *,
    examples: int = 3,
    samples: int = 5,
    training: bool = True,
    h: float = STEP,
    seed: int = 0,
    progress: Callable[[float], object] | None = None,
) -> Iterator[ParamCheck]:
    """Compare some numbers of the gradient of every input and parameter, one array after another.

    The differences at h and h/2 are extrapolated: (4·n(h/2) − n(h))/3 has an error of order h⁴.
    What is differentiated is Σ dy·y with random dy, on standard normal inputs and parameters in
    float64 (of their sizes plus 0.3 where the layer has no value at others). Inputs are named by
    their ports. Labels and running statistics have no gradient.

    Args:
        layer: the layer.
        inputs: what it reads.
        examples: of the batch.
        samples: how many numbers of each array, drawn at random, half of them where the gradient
            is not zero if it is somewhere; all of a small one.
        training: with noise, the same on both sides of a difference; or as in evaluation.
        h: the step.
        seed: of everything that is drawn.
        progress: is told the share of the numbers that is done, after each; it may raise.

    Raises:
        EngineError: ``h``, ``samples`` or ``examples`` is not above 0, or the layer has no value.
        ShapeError: the inputs do not fit.

    Source: CS231n notes, Neural Networks 3, gradient checks.
    """
    if not h > 0 or samples < 1 or examples < 1:
        raise EngineError(
            f"the step is {h:g} with {samples} samples of {examples} examples; all must be above 0"
        )
    trial = _Trial(layer, inputs, examples, training, seed)
    places = {name: trial.places(name, samples) for name in trial.names}
    total, done = sum(map(len, places.values())), 0
    kinks = type(layer).model_fields["kind"].default in KINKED
    for name, indices in places.items():
        found = []
        for index in indices:
            found.append(trial.sample(name, index, h))
            done += 1
            if progress is not None:
                progress(done / total)
        yield ParamCheck(name, tuple(found), kinks)


class _Trial:
    """A layer with everything that it takes; one array at a time is moved."""

    def __init__(
        self,
        layer: Layer,
        inputs: Sequence[TensorSpec],
        examples: int,
        training: bool,
        seed: int,
    ) -> None:
        self._layer, self._training, self._seed = layer, training, seed
        rng = generator(seed, "check layer")
        self._ports = [port_name(layer, place) for place in range(len(inputs))]
        arrays: dict[str, Array] = {}
        moved: list[str] = []
        for port, tensor in zip(self._ports, inputs, strict=True):
            shape = (examples, *tensor.shape)
            if tensor.dtype == "int":
                arrays[port] = rng.integers(0, tensor.classes or 2, shape)
            else:
                arrays[port] = rng.standard_normal(shape)
                moved.append(port)
        declared = layer.params(*inputs)
        for name, param in declared.items():
            drawn = rng.standard_normal(param.shape)
            # As large as they are at the start, so that sums over many inputs do not saturate.
            arrays[name] = drawn / math.sqrt(param.fan_in) if param.trained else 1 + np.abs(drawn)
        self._params = tuple(declared)
        self._arrays = arrays
        if not np.isfinite(self._forward(arrays)).all():
            for port in moved:
                arrays[port] = 0.3 + np.abs(arrays[port])
        y = self._forward(arrays)
        if not np.isfinite(y).all():
            raise EngineError(f"{layer.id} gives numbers that are not finite for random inputs")
        self._dy = rng.standard_normal(y.shape)
        self._gradients = self._backward(arrays)
        self.names = (*moved, *(name for name, param in declared.items() if param.trained))
        """What has a gradient."""

    def places(self, name: str, samples: int) -> list[tuple[int, ...]]:
        """Some places of one array, drawn at random, in rising order.

        Half of them where the gradient is not zero: of a max pool's most is, and zeros that agree
        prove nothing.
        """
        array = self._arrays[name]
        rng = generator(self._seed, f"check:{name}")
        drawn = rng.choice(array.size, min(_DRAWN * samples, array.size), replace=False)
        live = drawn[self._gradients[name].ravel()[drawn] != 0]
        chosen = list(dict.fromkeys([*live[: -(-samples // 2)], *drawn]))[:samples]
        return [tuple(int(i) for i in np.unravel_index(at, array.shape)) for at in sorted(chosen)]

    def sample(self, name: str, index: tuple[int, ...], h: float) -> Sample:
        """One number of the gradient, both ways."""
        differences, noise = [], 0.0
        for step in (h, h / 2):
            above, below = (self._forward(self._moved(name, index, s)) for s in (step, -step))
            # Subtracted before they are summed: what does not change adds no rounding error.
            differences.append(float(np.sum(self._dy * (above - below)) / (2 * step)))
            reached = (np.abs(self._dy) * (np.abs(above) + np.abs(below)))[above != below]
            noise = 4 * np.finfo(np.float64).eps * float(reached.sum()) / step
        # Extrapolated, as a step of a steep function is never small enough: the h² goes.
        numeric = (4 * differences[1] - differences[0]) / 3
        found = Sample(index, float(self._gradients[name][index]), numeric)
        if found.error <= 1e-7:
            return found
        if abs(found.analytic - numeric) <= noise:
            return replace(found, explained="rounding")
        high, low = (
            float(self._backward(self._moved(name, index, s))[name][index]) for s in (h, -h)
        )
        if abs(high - low) > _JUMP * max(abs(high), abs(low)):
            return replace(found, explained="kink", layers=(self._layer.id,))
        return found

    def _moved(self, name: str, index: tuple[int, ...], step: float) -> dict[str, Array]:
        moved = self._arrays[name].copy()
        moved[index] += step
        return {**self._arrays, name: moved}

    def _forward(self, arrays: dict[str, Array]) -> Array:
        with np.errstate(all="ignore"):
            return self._run(arrays).y

    def _backward(self, arrays: dict[str, Array]) -> dict[str, Array]:
        forward = self._run(arrays)
        params = {name: arrays[name] for name in self._params}
        dxs, dparams = self._layer.backward(self._dy, forward.saved, params)
        found = {port: dx for port, dx in zip(self._ports, dxs, strict=True) if dx is not None}
        return found | dict(dparams)

    def _run(self, arrays: dict[str, Array]) -> Forward:
        # A generator that starts anew: each call draws the same numbers.
        draws = self._training and self._layer.draws
        rng = np.random.default_rng(self._seed) if draws else None
        xs = tuple(arrays[port] for port in self._ports)
        params = {name: arrays[name] for name in self._params}
        return self._layer.forward(xs, params, Mode(self._training, rng))
