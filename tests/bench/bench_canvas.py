"""The canvas with 1,000 nodes: milliseconds for one picture while it is panned and zoomed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from statistics import median
from time import sleep, thread_time

import pytest

pytest.importorskip("PySide6", reason="the desktop app is not installed")
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from graphspec_gui.canvas.frame_buffer import EVERY
from graphspec_gui.canvas.view import CanvasView
from graphspec_gui.document import StudioDocument
from graphspec_gui.theme import theme
from PySide6.QtWidgets import QApplication

from graphspec import edit
from graphspec.graph import GraphSpec
from tests.bench.bench_check import residual
from tests.bench.timing import report

FRAME = 1000 / 60
COLUMNS = 32


@pytest.fixture(scope="module")
def view() -> Iterator[CanvasView]:
    """1,000 nodes in a dense block, so that as many as can be are in sight at any zoom."""
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    theme().apply(app)
    spec = residual(998)
    names = [*spec.input_by_id, *spec.by_id]
    places = {n: (256.0 * (i % COLUMNS), 128.0 * (i // COLUMNS)) for i, n in enumerate(names)}
    view = CanvasView(StudioDocument(edit.move(spec, places.items())))
    view.resize(1600, 1000)
    view.show()
    for _ in range(300):
        app.processEvents()
    view.document.look_now()
    yield view
    view.close()


def frames(
    view: CanvasView, move: Callable[[int], None], count: int = 120
) -> tuple[list[float], list[float]]:
    """Milliseconds of each of some pictures: what moves, and the painting of it.

    And those that the canvas takes between one and the next to draw ahead. They are those of
    this thread, so that other work of the machine does not count.
    """
    paints, between = [], []
    for i in range(count):
        start = thread_time()
        move(i)
        view.viewport().repaint()
        shown = thread_time()
        sleep(EVERY / 1000)
        QApplication.processEvents()
        paints.append(1000 * (shown - start))
        between.append(1000 * (thread_time() - shown))
    return paints, between


def tell(what: str, times: tuple[list[float], list[float]]) -> None:
    paints, between = times
    whole = [sum(pair) for pair in zip(paints, between, strict=True)]
    goal = (
        f"p99 {late(paints):.1f} ms, with what is drawn ahead {median(whole):.1f}, "
        f"p99 {late(whole):.1f}; at 60 frames a second there are {FRAME:.1f}"
    )
    report(what, f"{median(paints):.1f} ms", goal)


def late(times: list[float]) -> float:
    return sorted(times)[int(0.99 * len(times))]


@pytest.mark.parametrize("zoom", [0.05, 0.15, 0.25, 0.41, 0.5, 0.62, 0.8, 1.0, 2.0])
def test_panning(view: CanvasView, zoom: float) -> None:
    """Eleven pixels a frame: there and back, and from one end of the view to the other."""
    view.set_zoom(zoom)
    view.centerOn(view.canvas.bounds().center())

    def move(i: int) -> None:
        way = 1 if i % 100 < 50 else -1
        view.pan(way * 9, (1 if i % 20 < 10 else -1) * 6)

    tell(f"a picture of 1,000 nodes, panned at {100 * zoom:.0f} %", frames(view, move, 300))


def test_zooming(view: CanvasView) -> None:
    view.set_zoom(0.05)
    view.centerOn(view.canvas.bounds().center())

    def turn(i: int) -> None:
        view.set_zoom(view.zoom * (1.045 if i % 160 < 80 else 1 / 1.045), settle=False)

    tell("a picture of 1,000 nodes, zoomed from 5 % to 170 % and back", frames(view, turn, 160))
    turn(0)
    view.viewport().repaint()
    sleep(0.1)

    def rest(_: int) -> None:
        QApplication.processEvents()

    tell("what is drawn when the wheel has come to rest", frames(view, rest, 60))


def test_one_edit(view: CanvasView) -> None:
    view.set_zoom(0.5)
    spec = view.document.spec
    name = spec.layers[500].id

    def change(i: int) -> None:
        new: GraphSpec = edit.move(view.document.spec, [(name, (5000.0 + 8 * (i % 9), 4000.0))])
        view.document.apply(new, "Move", merge="bench")

    tell("one edit of 1,000 nodes, with its picture", frames(view, change, 40))
