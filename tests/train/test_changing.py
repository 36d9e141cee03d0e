"""Penalties and dropout that are changed while training: what it does, and that it is repeated."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from graphspec import edit
from graphspec.errors import SpecError
from graphspec.recipe.config import TrainConfig
from graphspec.train.changing import drops_of, strengths_of, with_strengths
from graphspec.train.checkpoint import TrainState
from graphspec.train.control import Control, TapRequest
from graphspec.train.events import Changed, Evaluated, Refused, Step
from graphspec.train.session import create_run
from tests.train.nets import config, follow, network, new_run
from tests.train.test_resume import final_state, interrupt

ENGINES = ["numpy", "jit"]


def both(control: Control, step: int) -> None:
    if step == 7:
        control.set_penalty("l2", 0.25)
        control.set_drop("drop", 0.75)
    if step == 12:
        control.set_penalty("l2", 0.0)


def drop_as_well(control: Control, step: int) -> None:
    if step == 7:
        control.set_drop("drop", 0.75)


def nothing(control: Control, step: int) -> None:
    pass


def assert_same(one: TrainState, other: TrainState) -> None:
    arrays = one.executable.arrays
    assert arrays.keys() == other.executable.arrays.keys()
    for name, array in arrays.items():
        assert array.tobytes() == other.executable.arrays[name].tobytes(), name
    assert one.executable.generators == other.executable.generators


@pytest.mark.parametrize("engine", ENGINES)
def test_a_penalty_is_another_one_from_the_next_step_on(tmp_path: Path, engine: str) -> None:
    if engine == "jit":
        pytest.importorskip("llvmlite")
    run = create_run(network(), config(), tmp_path / "run", engine=engine)
    events = follow(run, both)
    evaluated = [event.penalties["l2"] for event in events if isinstance(event, Evaluated)]
    assert evaluated[0] > 0 == evaluated[-1]
    steps = [event for event in events if isinstance(event, Step)]
    values = {event.step: event.penalties["l2"] for event in steps}
    plain = follow(create_run(network(), config(), tmp_path / "b", engine=engine), drop_as_well)
    before = {event.step: event.penalties["l2"] for event in plain if isinstance(event, Step)}
    assert values[7] == before[7]
    # The same weights, 250 times the strength.
    assert values[8] == pytest.approx(250 * before[8], rel=1e-5)
    assert values[13] == 0


@pytest.mark.parametrize("engine", ENGINES)
def test_changes_are_made_again_to_the_same_bits(tmp_path: Path, engine: str) -> None:
    if engine == "jit":
        pytest.importorskip("llvmlite")
    undisturbed = create_run(network(), config(), tmp_path / "undisturbed", engine=engine)
    follow(undisturbed, both)
    for until in (9, 14):
        run = create_run(network(), config(), tmp_path / f"until-{until}", engine=engine)
        follow(run, both, until)
        interrupt(run, 11)
        # The change after step 12 was not made yet by the first of them.
        follow(run, both if until == 9 else nothing)
        changes = [(e.step, e.what, e.value) for e in run.events if isinstance(e, Changed)]
        assert changes == [
            (7, "l2 penalty", 0.25),
            (7, "drop of drop", 0.75),
            (12, "l2 penalty", 0.0),
        ]
        assert_same(final_state(run), final_state(undisturbed))


def test_another_share_is_dropped(tmp_path: Path) -> None:
    def drop_all_but_some(control: Control, step: int) -> None:
        if step == 7:
            control.set_drop("drop", 0.9)
        if step == 8:
            control.take_taps(TapRequest(node="drop"))

    run = new_run(tmp_path / "run")
    follow(run, drop_all_but_some)
    (file,) = (run.path / "taps").iterdir()
    value = load_file(file)["drop:value"]
    assert np.mean(value == 0) > 0.8


@pytest.mark.parametrize(
    ("name", "layer", "word"),
    [("l1", "", "there are: l2"), ("", "relu", "no layer with inverted dropout")],
)
def test_what_is_not_there_cannot_be_changed(tmp_path: Path, name, layer, word) -> None:
    def ask(control: Control, step: int) -> None:
        if step == 1 and name:
            control.set_penalty(name, 0.1)
        if step == 1 and layer:
            control.set_drop(layer, 0.1)

    events = follow(new_run(tmp_path / "run"), ask)
    (refused,) = [event for event in events if isinstance(event, Refused)]
    assert word in refused.reason


def test_every_strength_has_a_name() -> None:
    settings = TrainConfig.model_validate(
        {
            "penalties": [
                {"kind": "l2", "strength": 1.0, "only": ["a"]},
                {"kind": "elastic_net", "l1": 2.0, "l2": 3.0},
                {"kind": "l2", "strength": 4.0},
            ]
        }
    )
    assert strengths_of(settings) == {
        "l2-1": 1.0,
        "elastic_net.l1": 2.0,
        "elastic_net.l2": 3.0,
        "l2-2": 4.0,
    }
    changed = with_strengths(settings, {"elastic_net.l2": 5.0, "l2-2": 0.0})
    assert strengths_of(settings.model_copy(update={"penalties": changed})) == {
        "l2-1": 1.0,
        "elastic_net.l1": 2.0,
        "elastic_net.l2": 5.0,
        "l2-2": 0.0,
    }


def test_vanilla_dropout_is_left_alone() -> None:
    assert drops_of(network()) == {"drop": 0.25}
    assert drops_of(edit.set_field(network(), "drop", "inverted", False)) == {}
    with pytest.raises(SpecError):
        edit.set_field(network(), "drop", "drop", 1.0)
