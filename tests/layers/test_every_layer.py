"""The tests that every layer gets by being in the catalog."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

import graphspec.layers
from graphspec.errors import ShapeError
from graphspec.layers.base import Example, Layer
from graphspec.layers.catalog import BY_KIND
from tests.layers import checks
from tests.layers.sampling import SAMPLES, candidates, samples

every_layer = pytest.mark.parametrize("kind", list(BY_KIND.values()), ids=list(BY_KIND))
either_mode = pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])


def hold(check: Callable[..., None], examples: Iterable[Example], *args: object) -> None:
    for example in examples:
        try:
            check(example, *args)
        except Exception as error:
            error.add_note(f"with {example.layer!r} on {[str(spec) for spec in example.inputs]}")
            raise


def test_kinds_are_unique_and_every_file_is_in_the_catalog() -> None:
    assert len(BY_KIND) == len(set(BY_KIND.values()))
    written = {}
    for path in Path(graphspec.layers.__file__).parent.glob("*.py"):
        for kind in re.findall(r'^    kind: Literal\["(\w+)"\]', path.read_text("utf-8"), re.M):
            written[kind] = path.stem
    assert written == {kind: kind for kind in BY_KIND}, "each kind in a file of its name"


@every_layer
def test_documented(kind: type[Layer]) -> None:
    checks.check_documented(kind)


@every_layer
def test_twenty_configurations(kind: type[Layer]) -> None:
    assert 20 <= len(samples(kind)) <= SAMPLES


@every_layer
def test_frozen_and_closed(kind: type[Layer]) -> None:
    layer = kind.examples()[0].layer
    with pytest.raises(ValidationError, match="frozen"):
        layer.id = "other"
    with pytest.raises(ValidationError, match="forbidden"):
        kind.model_validate({**layer.model_dump(), "colour": "red"})


@every_layer
def test_infer_takes_or_explains(kind: type[Layer]) -> None:
    for layer, inputs in candidates(kind):
        output, error = None, None
        try:
            output = layer.infer(*inputs)
        except ShapeError as raised:
            error = raised
        if error is None:
            assert output is not None
            assert all(extent > 0 for extent in output.shape), (layer, inputs, output)
        else:
            assert len(error.message) > 20
            assert error.code != "shape-mismatch", f"give this error a code of its own: {error}"
            ports = {port.removesuffix("*") for port in kind.ports}
            assert error.port is None or error.port.rstrip("0123456789[]*") in ports, error.port
            assert error.field is None or error.field in kind.model_fields


@every_layer
def test_round_trip(kind: type[Layer]) -> None:
    hold(checks.check_round_trip, samples(kind))


@every_layer
@either_mode
@pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=["float32", "float64"])
def test_shapes_and_types(kind: type[Layer], training: bool, dtype: type) -> None:
    hold(checks.check_shapes_and_types, samples(kind), 3, dtype, training)


@every_layer
def test_batch_of_one(kind: type[Layer]) -> None:
    hold(checks.check_shapes_and_types, samples(kind), 1, np.float32, True)


@every_layer
@either_mode
def test_arguments_are_kept(kind: type[Layer], training: bool) -> None:
    hold(checks.check_inputs_kept, samples(kind), training)


@every_layer
@either_mode
def test_without_dx(kind: type[Layer], training: bool) -> None:
    hold(checks.check_without_dx, samples(kind), training)


@every_layer
def test_evaluation_treats_each_example_alone(kind: type[Layer]) -> None:
    hold(checks.check_evaluation, samples(kind))


@every_layer
def test_training_repeats_with_the_generator(kind: type[Layer]) -> None:
    hold(checks.check_reproducible, samples(kind))


@every_layer
def test_window(kind: type[Layer]) -> None:
    hold(checks.check_window, samples(kind))


@every_layer
def test_saved_size(kind: type[Layer]) -> None:
    hold(checks.check_saved_size, samples(kind))


@every_layer
@either_mode
def test_gradients(kind: type[Layer], training: bool) -> None:
    # Most layers do the same in evaluation: fewer samples say so.
    hold(checks.check_gradients, samples(kind) if training else samples(kind)[::3], training)
