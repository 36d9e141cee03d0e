"""What must hold for every layer in every configuration; each check raises AssertionError."""

from __future__ import annotations

import json
from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np
from pydantic import TypeAdapter

from graphspec.inspect.gradient import numeric_gradient, relative_error
from graphspec.layers.base import Array, Example, Layer, Mode
from graphspec.layers.catalog import LayerSpec
from tests.layers.sampling import Arrays, arrays

TOLERANCE = 1e-6
ELEMENTS = 40
"""Of each array whose gradient is checked; of a larger one, so many are picked."""
ELEMENTS_IN_ALL = 100
"""Over all arrays of a layer that has many."""
STEP = 1e-3
STEPS = {"stochastic_pool2d": 1e-5, "structured_hinge_loss": 1e-5}
"""For kinds whose output jumps or bends where another place is drawn or another chain is best."""
ROUNDING = 5e-15
"""Of the difference of a few outputs near 1; a numeric gradient has it divided by the step."""

ADAPTER: TypeAdapter[Layer] = TypeAdapter(LayerSpec)


def check_documented(kind: type[Layer]) -> None:
    assert kind.__doc__, "a layer needs a docstring"
    assert "Source:" in kind.__doc__, "the docstring names no source"
    assert "=" in kind.__doc__, "the docstring shows no formula"
    assert kind.group, "the palette needs a group"
    docs = kind.field_docs()
    for name in kind.model_fields:
        assert docs.get(name), f"the field {name} has no docstring"
    for method in ("examples", "infer", "forward", "backward"):
        assert getattr(kind, method).__doc__, f"{method} has no docstring"


def check_round_trip(example: Example) -> None:
    layer = example.layer
    text = json.dumps(layer.model_dump(mode="json"))
    assert type(layer).model_validate(json.loads(text)) == layer
    assert ADAPTER.validate_python(json.loads(text)) == layer
    assert ADAPTER.validate_json(layer.model_dump_json()) == layer
    assert set(json.loads(text)) == set(type(layer).model_fields), "saving must write every field"


def check_shapes_and_types(example: Example, batch: int, dtype: Any, training: bool) -> None:
    layer, inputs = example
    at = arrays(example, batch, dtype)
    forward = layer.forward(at.xs, at.params, at.mode(training))
    assert forward.y.shape == (batch, *layer.infer(*inputs).shape), (
        f"infer says {layer.infer(*inputs).shape}, forward gave {forward.y.shape[1:]}"
    )
    assert forward.y.dtype == dtype
    declared = layer.params(*inputs)
    running = {name for name, param in declared.items() if not param.trained}
    assert set(forward.state) <= running
    for name, value in forward.state.items():
        assert (value.shape, value.dtype) == (declared[name].shape, dtype), name
    if not training:
        assert not forward.state, "evaluation must leave the running statistics alone"

    dxs, dparams = layer.backward(at.dy, forward.saved, at.params)
    assert len(dxs) == len(at.xs)
    for x, dx in zip(at.xs, dxs, strict=True):
        if x.dtype != dtype:
            assert dx is None, "a label has no gradient"
        else:
            assert dx is not None
            assert (dx.shape, dx.dtype) == (x.shape, dtype)
    assert set(dparams) == set(declared) - running, "a gradient for each trained parameter"
    for name, dparam in dparams.items():
        assert (dparam.shape, dparam.dtype) == (declared[name].shape, dtype), name


def check_inputs_kept(example: Example, training: bool) -> None:
    """Neither pass writes to what it was given; backward can be run twice."""
    at = arrays(example)
    kept = [array.copy() for array in (*at.xs, *at.params.values(), at.dy)]
    forward = example.layer.forward(at.xs, at.params, at.mode(training))
    y = forward.y.copy()
    first = example.layer.backward(at.dy, forward.saved, at.params)
    again = example.layer.backward(at.dy, forward.saved, at.params)
    for array, copy in zip((*at.xs, *at.params.values(), at.dy), kept, strict=True):
        np.testing.assert_array_equal(array, copy, err_msg="an argument was modified in place")
    np.testing.assert_array_equal(forward.y, y, err_msg="backward changed the output")
    for one, two in zip(_gradients(first), _gradients(again), strict=True):
        np.testing.assert_array_equal(one, two, err_msg="backward cannot be run twice")


def check_without_dx(example: Example, training: bool) -> None:
    at = arrays(example)
    forward = example.layer.forward(at.xs, at.params, at.mode(training))
    full = example.layer.backward(at.dy, forward.saved, at.params)
    lean = example.layer.backward(at.dy, forward.saved, at.params, need_dx=False)
    assert len(lean.dxs) == len(full.dxs)
    assert lean.dparams.keys() == full.dparams.keys()
    for name in full.dparams:
        np.testing.assert_array_equal(lean.dparams[name], full.dparams[name], err_msg=name)


def check_evaluation(example: Example) -> None:
    """Evaluation draws nothing, repeats itself, and treats each example alone."""
    at = arrays(example)
    rng = np.random.default_rng(0)
    before = rng.bit_generator.state
    example.layer.forward(at.xs, at.params, Mode(False, rng))
    assert rng.bit_generator.state == before, "evaluation must not draw"
    y = example.layer.forward(at.xs, at.params, at.mode(training=False)).y
    again = example.layer.forward(at.xs, at.params, at.mode(training=False)).y
    np.testing.assert_array_equal(y, again)
    for i in range(len(y)):
        row = tuple(x[i : i + 1] for x in at.xs)
        alone = example.layer.forward(row, at.params, at.mode(training=False)).y
        np.testing.assert_allclose(alone[0], y[i], rtol=1e-12, atol=1e-12)


def check_reproducible(example: Example) -> None:
    """Training draws from the generator that it is given, and from nothing else."""
    at = arrays(example)
    y = example.layer.forward(at.xs, at.params, at.mode()).y
    np.testing.assert_array_equal(y, example.layer.forward(at.xs, at.params, at.mode()).y)


def check_saved_size(example: Example, batch: int = 32) -> None:
    """The declared numbers per example, against the bytes really kept in float32."""
    layer, inputs = example
    at = arrays(example, batch, np.float32)
    forward = layer.forward(at.xs, at.params, at.mode())
    shared = [*at.xs, forward.y, *at.params.values()]
    kept = [
        array
        for array in _flatten(forward.saved)
        if array.dtype.hasobject is False and not any(np.may_share_memory(array, s) for s in shared)
    ]
    declared = layer.saved_size(*inputs)
    # Statistics per channel do not grow with the batch; they are not worth declaring.
    slack = 16 + sum(prod(param.shape) for param in layer.params(*inputs).values())
    numbers = sum(array.nbytes for array in kept) / 4
    assert numbers <= 1.1 * declared * batch + slack, (
        f"saved_size declares {declared} numbers per example, but {numbers / batch:g} are kept"
    )
    # Bytes are declared in whole numbers of four, rounded up.
    assert declared * batch <= 1.5 * numbers + slack + batch, (
        f"saved_size declares {declared} numbers per example, but only {numbers / batch:g} are kept"
    )


def check_window(example: Example) -> None:
    """The declared window of an image layer, against the outputs that a pixel really reaches."""
    layer, inputs = example
    output, window = layer.infer(*inputs), layer.window()
    images = len(inputs) == 1 and len(inputs[0].shape) == len(output.shape) == 3
    if window is None or not images:
        return
    if getattr(layer, "pad", 0) == "same" and any(
        extent % s for extent, s in zip(inputs[0].shape[1:], window.stride, strict=True)
    ):
        return  # the padding then depends on the image, and window() does not know it
    at = arrays(example, batch=1)
    y = layer.forward(at.xs, at.params, at.mode(training=False)).y
    offsets: tuple[set[int], set[int]] = (set(), set())
    for pixel in np.ndindex(*inputs[0].shape[1:]):
        x = at.xs[0].copy()
        x[..., pixel[0], pixel[1]] += 100  # larger than all others, so that it wins a maximum
        changed = layer.forward((x,), at.params, at.mode(training=False)).y != y
        for place in np.argwhere(changed.any(axis=(0, 1))):
            for axis in range(2):
                corner = place[axis] * window.stride[axis] - window.pad[axis]
                offsets[axis].add(int(pixel[axis] - corner))
    for axis in range(2):
        assert min(offsets[axis]) >= 0, "a pixel before the window reaches the output"
        assert max(offsets[axis]) < window.reach[axis], "a pixel behind it reaches the output"
        if window.pad == (0, 0):
            assert offsets[axis] >= {0}, "the window's first pixel reaches nothing"
            if layer.infer(*inputs).shape[axis + 1] > 1:
                assert window.reach[axis] - 1 in offsets[axis], "nor does its last"


def check_gradients(example: Example, training: bool, batch: int = 3) -> None:
    """Backward against centred differences, for every input and every parameter."""
    layer, inputs = example
    count = len(inputs) + len(layer.params(*inputs))
    picks = min(ELEMENTS, ELEMENTS_IN_ALL // count)
    step = STEPS.get(type(layer).model_fields["kind"].default, STEP)
    at = arrays(example, batch)
    forward = layer.forward(at.xs, at.params, at.mode(training))
    dxs, dparams = layer.backward(at.dy, forward.saved, at.params)
    mode = at.mode(training)
    start = mode.rng.bit_generator.state if mode.rng else None

    def again() -> Mode:
        # To set one generator back takes a tenth of the time that a new one does.
        if mode.rng:
            mode.rng.bit_generator.state = start
        return mode

    for i, (x, dx) in enumerate(zip(at.xs, dxs, strict=True)):
        if x.dtype != np.float64:
            continue
        assert dx is not None, f"no gradient for the input {i}"

        def of_input(value: Array, i: int = i) -> Array:
            xs = (*at.xs[:i], value, *at.xs[i + 1 :])
            return layer.forward(xs, at.params, again()).y

        _agree(f"the input {i}", dx, of_input, x, at, step, picks)
    for name, param in layer.params(*inputs).items():
        if not param.trained:
            continue
        assert name in dparams, f"no gradient for {name}"

        def of_param(value: Array, name: str = name) -> Array:
            return layer.forward(at.xs, {**at.params, name: value}, again()).y

        _agree(name, dparams[name], of_param, at.params[name], at, step, picks)


def _agree(
    what: str,
    analytic: Array,
    f: Callable[[Array], Array],
    x: Array,
    at: Arrays,
    step: float,
    most: int,
) -> None:
    assert analytic.shape == x.shape, f"{what}: {analytic.shape} for {x.shape}"
    picks = np.arange(x.size)
    if x.size > most:
        picks = np.sort(np.random.default_rng(x.size).permutation(x.size)[:most])

    def of_picks(values: Array) -> Array:
        whole = x.copy()
        whole.reshape(-1)[picks] = values
        return f(whole)

    # Two steps, extrapolated: the error of order h² goes, and h can be large enough that
    # rounding does not drown the gradients that nearly cancel.
    coarse, fine = (
        numeric_gradient(of_picks, x.reshape(-1)[picks], at.dy, h) for h in (step, step / 2)
    )
    numeric = (4 * fine - coarse) / 3
    # What is smaller than the rounding error of the differences says nothing.
    picked = analytic.reshape(-1)[picks]
    noise = ROUNDING / step * max(1, np.abs(f(x)).max(initial=0))
    numeric = np.where(np.abs(numeric - picked) < noise, picked, numeric)
    error = relative_error(picked, numeric)
    assert error < TOLERANCE, f"the gradient of {what} is off by {error:.2g}"


def _gradients(backward: Any) -> list[Array]:
    return [dx for dx in backward.dxs if dx is not None] + list(backward.dparams.values())


def _flatten(saved: Any) -> list[Array]:
    if isinstance(saved, np.ndarray):
        return [saved]
    if isinstance(saved, (tuple, list)):
        return [array for item in saved for array in _flatten(item)]
    if isinstance(saved, dict):
        return _flatten(list(saved.values()))
    return []
