"""All viewers in the window, while a real worker trains."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from graphspec_gui.viewers.data import DataPanel
from graphspec_gui.viewers.predictions import PredictionsPanel
from graphspec_gui.viewers.source import ProbeSource
from graphspec_gui.viewers.weights import WeightsPanel

from graphspec import api
from tests.gui.viewing import Room, spec, train

VIEWERS = ("data_dock", "activations_dock", "weights_dock", "occlusion_dock", "predictions_dock")


def shows_weights_of(room: Room, weights: dict[str, np.ndarray]) -> bool:
    network = room.source.network
    return network is not None and all(
        np.array_equal(value, weights[name])
        for name, value in network.probe.executable.weights().items()
    )


def test_viewers_follow_a_training(qtbot, window):
    window.new(spec(epochs=100_000, checkpoint_every=20, evaluate_every=20))
    for name in VIEWERS:
        window.show_dock(name)
    (source,) = window.findChildren(ProbeSource)
    qtbot.waitUntil(lambda: source.network is not None)
    assert source.network.step is None
    window.training.start(window.document.spec)
    qtbot.waitUntil(lambda: bool(source.network and source.network.step))
    assert source.looks.gentle
    first = source.network.step
    qtbot.waitUntil(lambda: source.network.step > first)
    assert source.trouble == ""


def test_viewers_follow_a_training_within_an_epoch(qtbot, window):
    # Evaluated and saved by nothing but steps that are never reached.
    far = 10**9
    never = {"checkpoint_every": far, "evaluate_every": far, "checkpoint_seconds": None}
    window.new(spec(epochs=10**6, **never))
    window.show_dock("weights_dock")
    (source,) = window.findChildren(ProbeSource)
    window.training.start(window.document.spec)
    qtbot.waitUntil(lambda: bool(source.network and source.network.step), timeout=60_000)
    first = source.network.step
    qtbot.waitUntil(lambda: source.network.step > first, timeout=60_000)
    assert window.training.state == "running"
    assert window.training.worker.run == source.network.run.path
    assert not source.network.run.checkpoints
    assert source.trouble == ""


def test_closing_the_window_ends_the_work(qtbot, window):
    window.new(spec())
    window.show_dock("data_dock")
    (source,) = window.findChildren(ProbeSource)
    qtbot.waitUntil(lambda: source.network is not None)
    thread = source.looks._thread
    window.document.undo_stack.setClean()
    assert window.close()
    assert not thread.is_alive()


def test_another_run_in_the_same_folder_has_its_own_weights_and_histograms(room, tmp_path: Path):
    often = {"checkpoint_every": 10, "keep": 9}
    run = train(tmp_path / "run", epochs=2, seed=1, **often)
    other = train(tmp_path / "other", epochs=1, seed=2, **often)
    panel = room.put(WeightsPanel)
    room.look_into(run)
    steps = {entry.step for entry in run.checkpoints}
    room.wait(lambda: {ridge.when for ridge in panel.chart.ridges} == {f"step {s}" for s in steps})
    room.source.pick("train", 7)
    weights = api.load_weights(other, checkpoint="latest")
    remade = {entry.step for entry in other.checkpoints}
    assert remade < steps
    run.path.rename(tmp_path / "gone")
    other.path.rename(run.path)
    room.wait(lambda: shows_weights_of(room, weights))
    room.wait(lambda: {ridge.when for ridge in panel.chart.ridges} == {f"step {s}" for s in remade})
    last = weights["conv.weight"]
    edges = panel.chart.ridges[-1].edges
    assert (edges[0], edges[-1]) == (pytest.approx(last.min()), pytest.approx(last.max()))
    assert (room.source.example.split, room.source.example.number) == ("train", 7)


def test_a_checkpoint_that_is_made_again_at_the_same_step_is_opened(room, tmp_path: Path):
    room.put(DataPanel)
    run, other = (train(tmp_path / f"run{seed}", seed=seed) for seed in (1, 2))
    room.look_into(run)
    step, data = room.source.network.step, room.source.network.data
    assert shows_weights_of(room, api.load_weights(run, checkpoint="latest"))
    for file in (other.path / "checkpoints").iterdir():
        (run.path / "checkpoints" / file.name).write_bytes(file.read_bytes())
    added = b'{"step":%d,"epoch":1,"time":1,"type":"snapshot","what":"checkpoint","file":"x"}\n'
    with (run.path / "events.jsonl").open("ab") as file:
        file.write(added % step)
    weights = api.load_weights(other, checkpoint="latest")
    room.wait(lambda: shows_weights_of(room, weights))
    assert room.source.network.step == step
    assert room.source.network.data is data


def test_a_hidden_viewer_does_not_mind_that_its_run_begins_anew(room, tmp_path: Path):
    """An answer to another viewer makes all of them weigh whether they can be exported."""
    hidden, shown = room.put(PredictionsPanel), room.put(DataPanel)
    run = train(tmp_path / "run")
    room.look_into(run)
    room.wait(lambda: hidden.export.isEnabled())
    hidden.hide()
    shown.hide()
    room.runs.restarted.emit(run)
    assert room.source.network is None
    with room.qtbot.waitSignal(room.source.looks.answered):
        room.source.looks.ask("anything", lambda: iter([1]), lambda _: None)
    assert not hidden.export.isEnabled()
    hidden.show()
    room.wait(lambda: hidden.export.isEnabled())
