"""Going on: a training that was interrupted ends with the bits of one that was not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from graphspec.errors import CheckpointError, RunError
from graphspec.train.checkpoint import TrainState, read_state
from graphspec.train.control import Control
from graphspec.train.events import Changed, Event, Finished, Started, Step
from graphspec.train.rundir import ENVIRONMENT, LOST, Run
from graphspec.train.session import train_run
from tests.train.nets import config, fresh, network, new_run, points


def finish(run: Run, **options: Any) -> list[Event]:
    return list(train_run(run.path, data=points(), **options))


def interrupt(run: Run, after: int) -> None:
    """Leave a run without an end, as a killed process does (but for what the system loses)."""
    events = train_run(run.path, data=points())
    for event in events:
        if isinstance(event, Step) and event.step == after:
            break
    events.close()  # type: ignore[attr-defined]


def final_state(run: Run) -> TrainState:
    assert run.latest is not None
    return read_state(run.checkpoint_path(run.latest), run.latest.sha256)


def assert_equal_bits(run: Run, other: Run) -> None:
    a, b = final_state(run), final_state(other)
    assert a.progress == b.progress
    assert a.executable.generators == b.executable.generators
    assert set(a.executable.arrays) == set(b.executable.arrays)
    for name, array in a.executable.arrays.items():
        assert array.tobytes() == b.executable.arrays[name].tobytes(), name
    assert (a.loader.order == b.loader.order).all()
    assert a.loader.generator == b.loader.generator
    assert fresh(run.events) == fresh(other.events)


@pytest.fixture(name="whole")
def _whole(tmp_path: Path) -> Run:
    run = new_run(tmp_path / "whole")
    finish(run)
    return run


@pytest.mark.parametrize("after", [1, 4, 5, 6, 12, 19, 20])
def test_bits_and_history_after_an_interruption(tmp_path: Path, whole: Run, after: int) -> None:
    run = new_run(tmp_path / "cut")
    interrupt(run, after)
    assert run.status == "interrupted"
    events = finish(run)
    started = events[0]
    assert isinstance(started, Started)
    assert started.resumed == (after > 5)
    assert started.exact
    assert run.status == "finished"
    assert_equal_bits(run, whole)


def test_many_interruptions(tmp_path: Path, whole: Run) -> None:
    run = new_run(tmp_path / "cut")
    for after in (3, 7, 9, 11, 12, 17):
        interrupt(run, after)
    finish(run)
    assert_equal_bits(run, whole)


def test_a_stop_is_saved_and_goes_on(tmp_path: Path, whole: Run) -> None:
    run = new_run(tmp_path / "stopped")
    control = Control()
    for event in train_run(run.path, data=points(), control=control):
        if isinstance(event, Step) and event.step == 8:
            control.stop()
    assert isinstance(event, Finished)
    assert (event.reason, event.step) == ("stopped", 8)
    assert run.status == "stopped"
    assert run.latest is not None
    assert run.latest.step == 8
    finish(run)
    assert_equal_bits(run, whole)


def test_a_finished_run_stays_as_it_is_or_goes_on_for_longer(tmp_path: Path, whole: Run) -> None:
    before = final_state(whole).progress
    events = finish(whole)
    assert [event.type for event in events] == ["started", "finished"]
    assert final_state(whole).progress == before
    longer = new_run(tmp_path / "longer", epochs=6)
    finish(longer)
    finish(whole, config=config(epochs=6))
    assert whole.config.epochs == 6
    # One evaluated its twentieth step as its last one, the other in passing: the same thing.
    assert_equal_bits(whole, longer)


@pytest.mark.parametrize(
    ("schedule", "exact"),
    [
        ({"kind": "exponential", "k": 0.1}, True),
        ({"kind": "cosine"}, False),
        ({"kind": "cosine", "warm_up": 1.0}, False),
        ({"kind": "plateau"}, False),
    ],
)
def test_a_schedule_that_lasts_as_long_as_the_training_is_not_exact_when_that_is_longer(
    tmp_path: Path, schedule: dict[str, Any], exact: bool
) -> None:
    run, longer = new_run(tmp_path / "run", schedule=schedule), tmp_path / "longer"
    finish(run)
    same = finish(run, config=config(schedule=schedule, keep=3))[0]
    assert isinstance(same, Started)
    assert same.exact
    started = finish(run, config=config(schedule=schedule, epochs=7))[0]
    assert isinstance(started, Started)
    assert started.exact is exact
    assert (schedule["kind"] in "".join(started.reasons)) is not exact
    if schedule["kind"] != "plateau":
        whole = new_run(longer, schedule=schedule, epochs=7)
        finish(whole)
        a, b = final_state(run).executable.arrays, final_state(whole).executable.arrays
        assert all(a[name].tobytes() == b[name].tobytes() for name in a) is exact


def test_what_would_make_another_training_cannot_be_changed(whole: Run) -> None:
    with pytest.raises(RunError, match="batch, seed cannot be changed"):
        finish(whole, config=config(batch=8, seed=9))


def test_changes_of_the_rate_are_made_again(tmp_path: Path) -> None:
    def train_with_changes(run: Run, until: int | None) -> None:
        control = Control()
        events = train_run(run.path, data=points(), control=control)
        for event in events:
            if isinstance(event, Step) and event.step in (7, 12):
                control.set_rate(0.001 * event.step)
            if isinstance(event, Step) and event.step == until:
                break
        events.close()  # type: ignore[attr-defined]

    undisturbed = new_run(tmp_path / "undisturbed")
    train_with_changes(undisturbed, None)
    for until in (8, 9, 13, 14):
        run = new_run(tmp_path / f"until-{until}")
        train_with_changes(run, until)
        interrupt(run, 11)
        if until < 13:
            # The second change was never made: make it now.
            train_with_changes(run, None)
        else:
            finish(run)
        changes = [e for e in run.events if isinstance(e, Changed)]
        assert [(e.step, e.value) for e in changes] == [(7, 0.007), (12, 0.012)]
        a, b = final_state(run), final_state(undisturbed)
        assert a.executable.arrays["hidden.weight"].tobytes() == (
            b.executable.arrays["hidden.weight"].tobytes()
        )


def test_a_change_by_hand_replaces_what_was_changed_later_before(tmp_path: Path) -> None:
    run = new_run(tmp_path / "run")

    def change(at: int, rate: float, until: int) -> None:
        control = Control()
        events = train_run(run.path, data=points(), control=control)
        for event in events:
            if isinstance(event, Step) and event.step == at:
                control.set_rate(rate)
            if isinstance(event, Step) and event.step == until:
                break
        events.close()  # type: ignore[attr-defined]

    change(9, 0.5, until=9 + 1)
    # From step 5 on once more: another rate, earlier, and past the next checkpoint.
    change(7, 0.25, until=12)
    finish(run)
    changes = [(event.step, event.value) for event in run.events if isinstance(event, Changed)]
    assert changes == [(7, 0.25)]


def test_a_change_at_a_checkpoints_own_step_is_kept(tmp_path: Path) -> None:
    def change(run: Run, until: int | None) -> None:
        control = Control()
        events = train_run(run.path, data=points(), control=control)
        for event in events:
            if event.type == "snapshot" and event.step == 10:
                control.set_rate(0.5)
            if isinstance(event, Step) and event.step == until:
                break
        events.close()  # type: ignore[attr-defined]

    undisturbed, run = new_run(tmp_path / "a"), new_run(tmp_path / "b")
    change(undisturbed, None)
    change(run, 12)
    finish(run)
    assert_equal_weights(run, undisturbed)


def assert_equal_weights(run: Run, other: Run) -> None:
    a, b = final_state(run).executable.arrays, final_state(other).executable.arrays
    assert all(array.tobytes() == b[name].tobytes() for name, array in a.items())


def test_lost_steps_are_kept_apart(tmp_path: Path) -> None:
    run = new_run(tmp_path / "run")
    interrupt(run, 8)
    finish(run)
    numbers = [event.step for event in run.events if isinstance(event, Step)]
    assert numbers == list(range(1, 21))
    lost = [json.loads(line)["step"] for line in (run.path / LOST).read_text().splitlines()]
    assert lost == [6, 7, 8]


def test_another_environment_is_said_to_be_not_exact(tmp_path: Path) -> None:
    run = new_run(tmp_path / "run")
    interrupt(run, 8)
    threads = run.env["threads"]
    path = run.path / ENVIRONMENT
    path.write_text(json.dumps({**run.env, "threads": 64}))
    started = finish(run)[0]
    assert isinstance(started, Started)
    assert not started.exact
    assert started.reasons == (f"threads was 64 and is {threads}",)


def test_what_was_not_exact_once_stays_so(tmp_path: Path) -> None:
    run = new_run(tmp_path / "run")
    interrupt(run, 6)
    threads = run.env["threads"]
    path = run.path / ENVIRONMENT
    path.write_text(json.dumps({**run.env, "threads": 64}))
    # This one ends before it has a checkpoint of its own; the next begins where it did.
    interrupt(run, 8)
    interrupt(run, 12)
    started = finish(run)[0]
    assert isinstance(started, Started)
    assert not started.exact
    assert started.reasons == (f"an earlier session was not: threads was 64 and is {threads}",)
    assert [session.exact for session in run.sessions] == [True, False, False, False]


def test_other_data_of_the_same_size_is_said_to_be_not_exact(tmp_path: Path) -> None:
    run = new_run(tmp_path / "run")
    interrupt(run, 8)
    data = points()
    moved = type(data)("points", np.asarray(data.x) + 1, data.y, data.classes)
    started = next(iter(train_run(run.path, data=moved)))
    assert isinstance(started, Started)
    assert not started.exact
    assert "data" in started.reasons[0]


def test_data_of_another_size_cannot_go_on(tmp_path: Path) -> None:
    run = new_run(tmp_path / "run")
    interrupt(run, 8)
    with pytest.raises(CheckpointError, match="other data"):
        list(train_run(run.path, data=points(120)))
    assert run.status == "failed"
    finish(run)
    assert run.status == "finished"


def test_a_damaged_checkpoint_gives_way_to_the_one_before(tmp_path: Path, whole: Run) -> None:
    run = new_run(tmp_path / "run", keep=3)
    interrupt(run, 17)
    latest = run.latest
    assert latest is not None
    path = run.checkpoint_path(latest)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    events = finish(run)
    assert next(event for event in events if isinstance(event, Step)).step == 11
    assert_equal_bits(run, whole)


def test_without_a_whole_checkpoint_nothing_is_trained_over_it(tmp_path: Path) -> None:
    run = new_run(tmp_path / "run")
    interrupt(run, 17)
    for entry in run.checkpoints:
        run.checkpoint_path(entry).write_bytes(b"nothing")
    with pytest.raises(CheckpointError, match="damaged"):
        finish(run)
    assert len(run.checkpoints) > 0


def test_retention_keeps_the_latest_and_the_best(tmp_path: Path) -> None:
    run = new_run(tmp_path / "run", keep=2, epochs=8)
    events = finish(run)
    best = [e.step for e in events if e.type == "evaluated" and e.best][-1]
    found = [entry.step for entry in run.checkpoints]
    assert found == sorted({best, 35, 40})
    assert run.best is not None
    assert run.best.step == best
    files = {path.name for path in (run.path / "checkpoints").iterdir()}
    assert files == {"manifest.json", *(entry.file for entry in run.checkpoints)}


def test_the_best_is_saved_even_between_checkpoints(tmp_path: Path) -> None:
    run = new_run(tmp_path / "run", evaluate_every=1, checkpoint_every=7)
    events = finish(run)
    best = [e.step for e in events if e.type == "evaluated" and e.best][-1]
    assert run.best is not None
    assert run.best.step == best
    assert read_state(run.checkpoint_path(run.best)).progress.step == best


def test_networks_without_randomness_resume_too(tmp_path: Path) -> None:
    plain = network({"kind": "linear", "id": "hidden", "units": 8})
    whole, run = new_run(tmp_path / "a", plain), new_run(tmp_path / "b", plain)
    finish(whole)
    interrupt(run, 13)
    finish(run)
    assert_equal_bits(run, whole)


@pytest.mark.parametrize("after", [7, 11, 16])
def test_a_plateau_remembers_what_it_saw(tmp_path: Path, after: int) -> None:
    # Nothing is 10 better, so that every second evaluation lowers the rate.
    fields = {
        "schedule": {"kind": "plateau", "factor": 0.5, "patience": 2, "min_change": 10.0},
        "evaluate_every": 3,
    }
    whole, run = new_run(tmp_path / "whole", **fields), new_run(tmp_path / "cut", **fields)
    rates = [event.rate for event in finish(whole) if isinstance(event, Step)]
    assert rates == [0.01] * 9 + [0.005] * 6 + [0.0025] * 5
    interrupt(run, after)
    finish(run)
    assert_equal_bits(run, whole)
