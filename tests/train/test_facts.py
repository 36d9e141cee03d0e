"""What a listing tells of runs, what people say of them, and how two of them differ."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphspec import edit
from graphspec.errors import RunError, RunWriteError
from graphspec.train.comparing import choices_of, compare_graphs, differs, side_by_side
from graphspec.train.facts import facts_of
from graphspec.train.remarks import REMARKS, Remarks, read_remarks, write_remarks
from graphspec.train.rundir import Run
from graphspec.train.session import train_run
from tests.train.nets import linear, network, new_run


def test_facts_of_a_run_are_those_of_its_events(tmp_path: Path) -> None:
    run = new_run(tmp_path / "run", linear(), data="spiral", epochs=2)
    fresh = facts_of(run)
    assert (fresh.status, fresh.begun, fresh.best) == ("new", None, None)
    events = list(train_run(run.path))
    facts = facts_of(run)
    evaluated = [event for event in events if event.type == "evaluated"]
    assert facts.status == "finished"
    assert facts.accuracy == evaluated[-1].accuracy
    assert facts.best == max(event.accuracy for event in evaluated)
    assert facts.monitor == "accuracy"
    assert (facts.model, facts.data) == (run.spec.name, "spiral")
    assert facts.engine == events[0].engine
    assert facts.begun == events[0].time
    assert facts.seconds == events[-1].time - events[0].time


def test_a_run_that_was_killed_still_has_its_best_value(tmp_path: Path) -> None:
    run = new_run(tmp_path / "run", linear(), data="spiral", epochs=3)
    evaluated = [event for event in train_run(run.path) if event.type == "evaluated"]
    log = run.path / "events.jsonl"
    log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[:-1]))
    facts = facts_of(run)
    assert facts.status == "interrupted"
    assert facts.best == max(event.accuracy for event in evaluated)


def test_a_damaged_run_is_listed_as_such(tmp_path: Path) -> None:
    run = new_run(tmp_path / "run", linear())
    (run.path / "config.json").write_bytes(b"{")
    write_remarks(run.path, Remarks(note="broken?"))
    assert facts_of(run).status == "damaged"
    assert facts_of(run).note == "broken?"


def test_a_run_of_a_newer_format_is_listed_as_such_and_left_as_it_is(tmp_path: Path) -> None:
    run = new_run(tmp_path / "run", linear(), data="spiral", epochs=1)
    list(train_run(run.path))
    spec, log = run.path / "spec.json", run.path / "events.jsonl"
    spec.write_text(spec.read_text().replace('"graphspec/1"', '"graphspec/2"'))
    with log.open("ab") as file:
        file.write(b'{"type":"dreamt","step":3,"epoch":1.0,"time":5.0}\n')
    write_remarks(run.path, Remarks(note="of the other machine", starred=True))
    before = {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()}
    newer = Run(run.path)
    assert newer.status == "newer"
    facts = facts_of(newer)
    assert (facts.status, facts.note, facts.starred) == ("newer", "of the other machine", True)
    assert (facts.begun, facts.model) == (run.started.time, "points")
    # What might mean something else by now is not told.
    assert (facts.best, facts.loss, facts.accuracy, facts.seconds) == (None,) * 4
    for read in (lambda: newer.spec, lambda: newer.config, lambda: list(train_run(run.path))):
        with pytest.raises(RunError, match=r"newer version of graphspec.*Update graphspec"):
            read()
    assert {p: p.read_bytes() for p in run.path.rglob("*") if p.is_file()} == before
    renamed = newer.rename("other")
    assert renamed.status == "newer"
    renamed.delete()
    assert list(tmp_path.iterdir()) == []


def test_remarks_come_back_and_a_damaged_file_says_nothing(tmp_path: Path) -> None:
    run = new_run(tmp_path / "run", linear())
    assert read_remarks(run.path) == Remarks()
    said = Remarks(note="<b>zwölf</b>\nlines", starred=True)
    write_remarks(run.path, said)
    assert read_remarks(run.path) == said
    facts = facts_of(run)
    assert (facts.note, facts.starred) == (said.note, True)
    (run.path / REMARKS).write_bytes(b'{"note": 3}')
    assert read_remarks(run.path) == Remarks()
    with pytest.raises(RunWriteError, match="cannot write a note"):
        write_remarks(tmp_path / "gone", said)


def test_choices_stand_side_by_side(tmp_path: Path) -> None:
    wide = edit.set_field(network(), "hidden", "units", 16)
    first = new_run(tmp_path / "first", network(), seed=1)
    second = new_run(tmp_path / "second", edit.remove_layers(wide, ["drop"]), seed=1)
    rows = side_by_side([choices_of(Run(run.path)) for run in (first, second)])
    unlike = {path: values for path, values in rows.items() if differs(values)}
    assert unlike == {
        "hidden.units": (8, 16),
        "drop.kind": ("dropout", None),
        "drop.drop": (0.25, None),
        "drop.inverted": (True, None),
        "drop.inputs": (["relu"], None),
        "scores.inputs": (["drop"], ["relu"]),
    }
    assert rows["training.seed"] == (1, 1)


def test_1_and_true_are_not_the_same_choice() -> None:
    assert differs((1, True))
    assert not differs((0.5, 0.5))


def test_a_difference_of_graphs_names_every_node_and_keeps_what_was_removed() -> None:
    before = network()
    after = edit.rename(edit.set_field(before, "hidden", "units", 16), "relu", "rectify")
    found = compare_graphs(before, after)
    assert found.added == {"rectify"}
    assert found.removed == {"relu"}
    assert found.changed == {
        "hidden": {"units": (8, 16)},
        "drop": {"inputs": (["relu"], ["rectify"])},
    }
    ids = [layer.id for layer in found.union.layers]
    assert ids == ["hidden", "norm", "relu", "rectify", "drop", "scores", "loss"]
    assert not compare_graphs(before, before)
