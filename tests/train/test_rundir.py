"""Reading runs: status, lists, names, and damage."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphspec.engines.choosing import NAMES
from graphspec.errors import CheckpointError, RunError
from graphspec.recipe.config import TrainConfig
from graphspec.train.events import Evaluated, Step
from graphspec.train.log import LogWriter
from graphspec.train.rundir import EVENTS, Run, find_run, list_runs, runs_folder
from graphspec.train.session import create_run, train_run
from tests.train.nets import config, network, new_run, points


@pytest.fixture(name="folder", autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GRAPHSPEC_RUNS", str(tmp_path / "runs"))
    return tmp_path / "runs"


def test_the_life_of_a_run(tmp_path: Path) -> None:
    run = new_run(tmp_path / "run")
    assert run.status == "new"
    assert (run.started, run.last, run.metrics, run.latest, run.best) == (None,) * 5
    assert run.pipeline is None
    events = list(train_run(run.path, data=points()))
    assert run.status == "finished"
    assert run.events == tuple(events)
    assert run.started == events[0]
    assert run.last == events[-1]
    assert run.metrics == [event for event in events if isinstance(event, Evaluated)][-1]
    assert run.spec == network()
    assert run.config == config()
    assert run.env["engine"] in NAMES
    assert run.pipeline is not None
    assert set(run.pipeline.fitted) == {"0.mean", "1.std"}


def test_new_runs_get_names_of_their_own(folder: Path) -> None:
    spec = network().model_copy(update={"name": "../<b>Lé net</b>"})
    runs = [create_run(spec, TrainConfig()) for _ in range(3)]
    assert len({run.path for run in runs}) == 3
    assert all(run.path.parent == folder for run in runs)
    assert all(run.name.startswith("b-L-net-b-") for run in runs)


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("important")
    with pytest.raises(RunError, match="not empty"):
        new_run(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_listing_and_finding(folder: Path) -> None:
    assert list_runs() == []
    first, second = new_run(folder / "first"), new_run(folder / "second")
    (folder / "no run").mkdir()
    (folder / "file").write_text("")
    assert {run.name for run in list_runs()} == {"first", "second"}
    assert find_run("first").path == first.path
    assert find_run(second.path).path == second.path
    assert find_run("latest").name == list_runs()[0].name
    with pytest.raises(RunError, match="third"):
        find_run("third")


def test_runs_are_kept_here_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GRAPHSPEC_RUNS")
    assert runs_folder() == Path("runs")


def test_renaming_and_deleting(folder: Path) -> None:
    run = new_run(folder / "first")
    new_run(folder / "second")
    renamed = run.rename("third")
    assert {run.name for run in list_runs()} == {"second", "third"}
    for name in ("second", "", "..", "a/b", "a\\b", "c:", "x\n", "x" * 200):
        with pytest.raises(RunError, match=r"cannot be|already"):
            renamed.rename(name)
    renamed.delete()
    assert {run.name for run in list_runs()} == {"second"}


@pytest.mark.parametrize("name", ["config.json", "spec.json", "env.json"])
def test_damaged_files_are_named(tmp_path: Path, name: str) -> None:
    run = new_run(tmp_path / "run")
    (run.path / name).write_text("[")
    with pytest.raises(RunError, match=name):
        list(train_run(run.path, data=points()))


def test_a_damaged_manifest_is_named(tmp_path: Path) -> None:
    run = new_run(tmp_path / "run")
    list(train_run(run.path, data=points()))
    manifest = run.path / "checkpoints" / "manifest.json"
    manifest.write_text(manifest.read_text().replace("step-", "../step-"))
    with pytest.raises(CheckpointError, match=r"manifest\.json"):
        _ = run.checkpoints


def test_no_run_at_all(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no run directory"):
        Run(tmp_path)


def test_following_a_run_reads_each_event_once(tmp_path: Path) -> None:
    run = new_run(tmp_path / "run")
    events = train_run(run.path, data=points())
    seen, cursor = [], None
    for event in events:
        tail = run.read_events(cursor)
        cursor = tail.cursor
        assert tail.events == (event,)
        seen.extend(tail.events)
    assert run.read_events(cursor).events == ()
    assert tuple(seen) == run.events


def test_a_thousand_runs_are_listed_from_the_ends_of_their_logs(folder: Path) -> None:
    # How long it takes is measured in tests/bench; here, that no whole log is read.
    run = new_run(folder / "long")
    writer = LogWriter(run.path / EVENTS)
    for number in range(20_000):
        writer.write(
            Step(
                step=number, epoch=0.0, loss=1.0, losses={"loss": 1.0}, penalties={}, rate=0.1,
                grad_norm=1.0,
            )
        )  # fmt: skip
    writer.close()
    last = run.last
    assert last is not None
    assert last.step == 19_999
    assert run.status == "interrupted"
