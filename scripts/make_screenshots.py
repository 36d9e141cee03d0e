"""Drive the desktop app without a screen, and write the pictures of docs/studio.md and the README.

    python scripts/make_screenshots.py [--scale 2] [FOLDER]

Every picture is a whole window or dialog, in the light and in the dark scheme, of at most 150 kB.
The trainings in them are real ones: they take about three minutes.
"""

from __future__ import annotations

import argparse
import io
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from graphspec_gui.gradients import GradientDialog
from graphspec_gui.journal import Journal
from graphspec_gui.runs.comparison import Comparison
from graphspec_gui.runs.panel import RunsPanel
from graphspec_gui.runs.table import PLACES
from graphspec_gui.settings import Settings
from graphspec_gui.theme import Scheme, space, theme
from graphspec_gui.window import MainWindow
from PIL import Image
from PySide6.QtCore import QBuffer, QEventLoop, QIODevice, QItemSelectionModel, Qt, QTimer
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QApplication, QPushButton, QWidget

from graphspec import api, edit, zoo

FOLDER = Path(__file__).resolve().parents[1] / "docs/figures/studio"
WIDTH, HEIGHT = 1360, 850
LARGEST = 150_000
SCHEMES: tuple[Scheme, ...] = ("light", "dark")


def wait(milliseconds: int) -> None:
    """Let the app live for a while."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def wait_until(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Let the app live until something has happened.

    Raises:
        TimeoutError: it has not.
    """
    for _ in range(round(seconds * 20)):
        if condition():
            return
        wait(50)
    raise TimeoutError("what the picture should show has not happened")


@contextmanager
def window(folder: Path) -> Iterator[MainWindow]:
    """The app as it is at its first start."""
    os.environ["GRAPHSPEC_RUNS"] = str(folder / "runs")
    made = MainWindow(Settings(folder / "settings.ini"), Journal(folder / "journal"))
    made.resize(WIDTH, HEIGHT)
    made.show()
    wait(600)
    try:
        yield made
    finally:
        for tab in made.tabs():
            tab.document.undo_stack.setClean()
        made.close()
        wait(200)


def scenes(app: MainWindow) -> Iterator[tuple[str, QWidget]]:
    """Bring the app from scene to scene: the name of each, and what is to be taken, in its time."""
    yield "start", app
    document = app.new(zoo.load("lenet5"))
    document.select(["conv1"])
    app.show_dock("properties_dock")
    wait(800)
    yield "canvas", app
    document.apply(edit.set_field(document.spec, "conv1", "kernel", 4), "Kernel of 4")
    document.apply(edit.set_field(document.spec, "conv1", "stride", 3), "Stride of 3")
    app.show_dock("problems_dock")
    wait(800)
    yield "problems", app
    document.undo_stack.undo()
    document.undo_stack.undo()
    app.show_dock("training_dock")
    app.show_dock("plots_dock")
    app.resizeDocks([app.docks["plots_dock"]], [space(48)], Qt.Orientation.Vertical)
    app.training.start(document.spec)
    wait_until(lambda: _epochs(app) > 3.5)
    yield "training", app
    wait_until(lambda: app.training.state == "idle")
    document.select(["conv1_relu"])
    for name in ("data", "activations", "weights", "occlusion", "predictions"):
        if f"{name}_dock" in app.docks:
            app.show_dock(f"{name}_dock")
            if name == "occlusion":
                wait(1000)
                _press(app, "Cover")
            wait(2500)
            yield name, app
    _write(app, "name", "rate-0.002")
    app.training.start(edit.set_value(document.spec, "training.update.rate", 0.01))
    wait_until(lambda: app.training.state == "idle" and _epochs(app) > 11.9)
    _write(app, "name", "rate-0.01")
    _write(app, "note", "five times the rate")
    for name, rate in (("spiral-slow", 0.01), ("spiral", 0.1)):
        rule = {"kind": "momentum", "rate": rate}
        folder = Path(os.environ["GRAPHSPEC_RUNS"]) / name
        api.fit(zoo.load("spiral_net"), run=folder, epochs=20, update=rule)
    app.show_dock("runs_dock")
    for name in ("training", "properties"):
        app.docks[f"{name}_dock"].hide()
    wait(2500)
    yield "runs-table", app
    app.show_dock("training_dock")
    app.show_dock("plots_dock")
    wait(1500)
    yield "runs", app
    comparison = _compare(app, 2)
    yield "comparison", comparison
    comparison.close()
    document.select(["conv1", "conv1_relu", "pool1"])
    view = app.current.view if app.current is not None else None
    assert view is not None
    view.operations.check_gradients()
    dialog = app.findChildren(GradientDialog)[-1]
    wait_until(lambda: not dialog.running)
    yield "gradients", dialog
    dialog.accept()
    large = app.new(zoo.load("resnet18"))
    large.select([])
    app.show_dock("properties_dock")
    wait(1500)
    yield "resnet18", app


def _write(app: MainWindow, column: str, text: str) -> None:
    """Name the newest run, or write a note to it, in its row of the Runs dock."""
    app.show_dock("runs_dock")
    panel = app.docks["runs_dock"].widget()
    assert isinstance(panel, RunsPanel)
    panel.library.look_now()
    wait(1500)
    panel.rows.setData(panel.rows.index(0, PLACES[column]), text)
    wait(1500)


def _compare(app: MainWindow, count: int) -> Comparison:
    """Compare the oldest runs."""
    app.show_dock("runs_dock")
    panel = app.docks["runs_dock"].widget()
    assert isinstance(panel, RunsPanel)
    last = panel.rows.rowCount()
    panel.view.clearSelection()
    for row in range(last - count, last):
        index = panel.rows.index(row, PLACES["name"])
        flags = QItemSelectionModel.SelectionFlag
        panel.view.selectionModel().select(index, flags.Select | flags.Rows)
    panel.compare.trigger()
    wait(1500)
    return app.findChildren(Comparison)[-1]


def _press(app: MainWindow, words: str) -> None:
    """Click the button that can be seen and says so."""
    for button in app.findChildren(QPushButton):
        if button.text() == words and button.isVisible():
            button.click()


def _epochs(app: MainWindow) -> float:
    history = app.training.history
    series = history.series.get("train/loss") if history is not None else None
    return float(series.epochs[-1]) if series is not None and len(series) else 0.0


def write(shown: QPixmap, path: Path) -> None:
    """Write what a window shows, in all its colours if they fit into the largest size."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    shown.save(buffer, "PNG")
    picture = Image.open(io.BytesIO(bytes(buffer.data().data()))).convert("RGB")
    for colors in (0, 256, 128, 64, 32):
        data = io.BytesIO()
        fewer = picture.quantize(colors, dither=Image.Dither.NONE) if colors else picture
        fewer.save(data, "PNG", optimize=True)
        if data.tell() <= LARGEST:
            break
    path.write_bytes(data.getvalue())
    print(f"{path.name:28} {data.tell() / 1000:6.1f} kB, {colors or 'all'} colours")


def main() -> None:
    """Take all of them."""
    parser = argparse.ArgumentParser(description="Write the pictures of the desktop app.")
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    parser.add_argument("--scale", type=int, default=1, help="pixels to one of the layout")
    arguments = parser.parse_args()
    os.environ["QT_SCALE_FACTOR"] = str(arguments.scale)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    app = QApplication(["graphspec-studio", "-platform", "offscreen"])
    theme().apply(app)
    with tempfile.TemporaryDirectory() as folder, window(Path(folder)) as shown:
        for name, widget in scenes(shown):
            # Both before any is written, which takes so long that a training would have ended.
            taken = {}
            for scheme in SCHEMES:
                theme().choose(scheme)
                wait(300)
                taken[scheme] = widget.grab()
            theme().choose("light")
            for scheme, picture in taken.items():
                write(picture, arguments.folder / f"{name}-{scheme}.png")


if __name__ == "__main__":
    main()
