"""Weights that a training writes for whoever watches: they change nothing, and may fail."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from graphspec.train.checkpoint import read_passing_weights, read_state
from graphspec.train.control import Control, WriteWeights, parse_command
from graphspec.train.events import Event, Refused
from graphspec.train.rundir import PASSING_WEIGHTS
from graphspec.train.session import create_run
from tests.train.nets import config, follow, network, new_run
from tests.train.test_resume import final_state


def told(events: list[Event]) -> list[dict[str, Any]]:
    return [event.model_dump(exclude={"time"}) for event in events]


def test_the_command_is_read() -> None:
    assert parse_command(b'{"do": "weights"}') == WriteWeights()


@pytest.mark.parametrize("engine", ["numpy", "jit"])
def test_they_change_neither_the_bits_nor_the_log(tmp_path: Path, engine: str) -> None:
    if engine == "jit":
        pytest.importorskip("llvmlite")
    plain = create_run(network(), config(), tmp_path / "plain", engine=engine)
    expected = follow(plain, lambda control, step: None)
    run = create_run(network(), config(), tmp_path / "watched", engine=engine)
    steps = []

    def ask(control: Control, step: int) -> None:
        if (run.path / PASSING_WEIGHTS).exists():
            steps.append(read_passing_weights(run.path / PASSING_WEIGHTS)[1])
        control.write_weights()

    events = follow(run, ask)
    assert told(events) == told(expected)
    one, other = final_state(run), final_state(plain)
    assert one.executable.generators == other.executable.generators
    assert one.executable.arrays.keys() == other.executable.arrays.keys()
    for name, array in one.executable.arrays.items():
        assert array.tobytes() == other.executable.arrays[name].tobytes(), name
    assert len(steps) > 5
    assert steps == sorted(set(steps))


def test_they_are_those_of_their_step(tmp_path: Path) -> None:
    run = new_run(tmp_path / "run")
    compared = []

    def ask(control: Control, step: int) -> None:
        control.checkpoint()
        control.write_weights()
        entry, file = run.latest, run.path / PASSING_WEIGHTS
        if entry is not None and file.exists():
            weights, at = read_passing_weights(file)
            arrays = read_state(run.checkpoint_path(entry)).executable.arrays
            assert at == entry.step
            for name, array in weights.items():
                assert array.tobytes() == arrays[name].tobytes(), name
            compared.append(at)

    follow(run, ask)
    assert compared


def test_where_they_cannot_be_written_training_goes_on(tmp_path: Path) -> None:
    run = new_run(tmp_path / "run")
    (run.path / "taps").write_text("a file where the folder would be")
    events = follow(run, lambda control, step: control.write_weights() if step == 3 else None)
    (refused,) = [event for event in events if isinstance(event, Refused)]
    assert "cannot write weights" in refused.reason
    assert run.status == "finished"


def test_those_of_an_earlier_session_are_removed(tmp_path: Path) -> None:
    run = new_run(tmp_path / "run")
    file = run.path / PASSING_WEIGHTS
    file.parent.mkdir()
    file.write_bytes(b"left over")
    follow(run, lambda control, step: None)
    assert not file.exists()
