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


def test_closing_the_window_ends_the_work(qtbot, window):
    window.new(spec())
    window.show_dock("data_dock")
    (source,) = window.findChildren(ProbeSource)
    qtbot.waitUntil(lambda: source.network is not None)
    thread = source.looks._thread
    window.document.undo_stack.setClean()
    assert window.close()
    assert not thread.is_alive()
