"""All viewers in the window, while a real worker trains."""

from __future__ import annotations

from graphspec_gui.viewers.source import ProbeSource

from tests.gui.viewing import spec

VIEWERS = ("data_dock", "activations_dock", "weights_dock", "occlusion_dock", "predictions_dock")


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
