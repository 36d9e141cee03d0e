"""A monkey: what somebody does who knows nothing of the app and tries everything.

It counts what it reached by what came of it, not by what it tried.
"""

from __future__ import annotations

import random
import re
from collections import Counter, deque
from collections.abc import Callable
from pathlib import Path

from graphspec_gui.canvas.search import KIND_MIME
from graphspec_gui.dock import _Title
from graphspec_gui.training.panel import TrainingPanel
from graphspec_gui.window import MainWindow
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QTimer, QUrl
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QTextCursor,
    QWheelEvent,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QDialog,
    QFileDialog,
    QMenu,
    QMessageBox,
    QWidget,
)

from graphspec import document as documents
from graphspec import zoo
from graphspec.layers.catalog import BY_KIND
from tests.gui.canvas_hands import Hands

Key, Button, Modifier = Qt.Key, Qt.MouseButton, Qt.KeyboardModifier
KEYS = [
    *(Key(code) for code in (*range(ord("0"), ord("9") + 1), *range(ord("A"), ord("Z") + 1))),
    Key.Key_Return,
    Key.Key_Escape,
    Key.Key_Tab,
    Key.Key_Up,
    Key.Key_Down,
    Key.Key_Delete,
    Key.Key_Backspace,
    Key.Key_Space,
    Key.Key_Comma,
    Key.Key_Minus,
    Key.Key_F2,
    Key.Key_F8,
]
MODIFIERS = [Modifier.NoModifier] * 6 + [Modifier.ControlModifier] * 2 + [Modifier.ShiftModifier]
LEAVES = "file.quit"
NETWORKS = ("tiny_convnet", "spiral_net", "lenet5", "two_layer_net", "regularised_net", "resnet18")
TABS = 4
DOINGS = {
    "click": 30,
    "press": 25,
    "select": 8,
    "act": 8,
    "use_menu": 6,
    "ask_menu": 4,
    "drag": 6,
    "drop": 4,
    "wheel": 3,
    "write_json": 5,
    "train": 3,
    "turn_tabs": 3,
    "move_docks": 3,
    "write_file": 1,
}


class Monkey:
    """Plays with a window; ``reached`` counts what happened.

    Args:
        window: what it plays with.
        seed: of its choices.
        files: what it may open, drop and write over.
        wait: waits until something is so, and fails where it never is.
        trains: whether it may train.
    """

    def __init__(
        self,
        window: MainWindow,
        seed: int,
        files: list[Path],
        wait: Callable[[Callable[[], bool]], None],
        *,
        trains: bool = True,
    ) -> None:
        self.window, self.rng, self.files, self.trains = window, random.Random(seed), files, trains
        self.wait = wait
        self.reached: Counter[str] = Counter()
        self.done: deque[str] = deque(maxlen=12)
        self._seen: dict[str, object] = {}
        # A menu that a button opens runs a loop of its own: somebody has to act in there.
        self._inside = QTimer(window)
        self._inside.setInterval(20)
        self._inside.timeout.connect(self.choose_in_menu)
        self._inside.start()

    def rest(self) -> None:
        """Play no more."""
        self._inside.stop()

    def play(self) -> None:
        """Do one thing."""
        if self.window.document is None:
            self.done.append("open_sample")
            self.window.open_sample(self.rng.choice(["look", "mend", "train"]))
        elif (dialog := QApplication.activeModalWidget()) is not None:
            self.answer(dialog)
        else:
            (what,) = self.rng.choices(list(DOINGS), list(DOINGS.values()))
            self.done.append(what)
            getattr(self, what)()
        QApplication.processEvents()
        self.choose_in_menu()
        # The app's loop would delete now what is to be deleted later; no loop runs here.
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        self.look()

    def answer(self, dialog: QWidget) -> None:
        """Play in a dialog; one of files is answered at once: it asks in loops of its own."""
        self.done.append(f"answer {dialog.objectName() or type(dialog).__name__}")
        if isinstance(dialog, QFileDialog):
            QTimer.singleShot(0, lambda: self.close_box_of(dialog))
            dialog.reject() if self.rng.random() < 0.5 else dialog.accept()
        elif self.rng.random() < 0.1:
            dialog.close()
        elif self.rng.random() < 0.6:
            self.click(dialog)
        else:
            self.press()

    def close_box_of(self, dialog: QWidget) -> None:
        """Close what Qt itself asks about files, such as whether to write over one."""
        box = QApplication.activeModalWidget()
        if isinstance(box, QMessageBox) and box.parentWidget() is dialog:
            self.reached["answered Qt about a file"] += 1
            box.reject()

    # --- What it does -------------------------------------------------------------------------

    def click(self, top: QWidget | None = None) -> None:
        top = top or self.window
        widgets = [w for w in top.findChildren(QWidget) if w.isVisible() and w.isEnabled()]
        widgets = [w for w in widgets if w.width() > 2 and w.height() > 2]
        if not widgets:
            return
        widget = self.rng.choice(widgets)
        self.done[-1] += f" {type(widget).__name__} {widget.objectName()}"
        place = self.point(widget)
        QTest.mouseClick(widget, Button.LeftButton, self.rng.choice(MODIFIERS), place)
        if self.rng.random() < 0.1:
            QTest.mouseDClick(widget, Button.LeftButton, Modifier.NoModifier, place)

    def press(self) -> None:
        key, modifier = self.rng.choice(KEYS), self.rng.choice(MODIFIERS)
        self.done[-1] += f" {modifier.name} {key.name}"
        widget = QApplication.focusWidget()
        leaves = modifier == Modifier.ControlModifier and key == Key.Key_Q
        if widget is not None and not leaves:
            QTest.keyClick(widget, key, modifier)

    def select(self) -> None:
        document = self.window.document
        ids = [*document.spec.input_by_id, *document.spec.by_id]
        document.select(self.rng.sample(ids, min(len(ids), self.rng.choice([0, 1, 1, 2]))))

    def act(self) -> None:
        _, action = self.rng.choice(self.window.actions_by_place())
        if self.may(action):
            self.done[-1] += f" {action.objectName()}"
            self.reached[f"action {action.objectName()}"] += 1
            action.trigger()

    def use_menu(self) -> None:
        bar = self.window.menuBar()
        title = self.rng.choice(bar.actions())
        QTest.mouseClick(
            bar, Button.LeftButton, Modifier.NoModifier, bar.actionGeometry(title).center()
        )

    def ask_menu(self) -> None:
        """Ask for a context menu."""
        docks = [dock.widget() for dock in self.window.docks.values() if dock.isVisible()]
        top = self.rng.choice([self.window.current.view, *filter(None, docks)])
        widget = self.rng.choice([top, *(w for w in top.findChildren(QWidget) if w.isVisible())])
        at = self.point(widget)
        event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, widget.mapToGlobal(at))
        QApplication.sendEvent(widget, event)

    def drag(self) -> None:
        """Drag on the canvas: nodes, edges between ports, a frame around some."""
        view = self.window.current.view
        hands, nodes = Hands(view), list(view.picture.nodes.values())
        before = self.window.document.spec
        places = [self.point(view.viewport())]
        for node in self.rng.sample(nodes, min(len(nodes), 2)):
            places += [hands.node(node.id), hands.output(node.id)]
            places.append(hands.port(node.id, self.rng.randrange(len(node.ports) + 1)))
        start, end = self.rng.choice(places), self.rng.choice(places)
        button = self.rng.choice([Button.LeftButton] * 4 + [Button.MiddleButton])
        released = self.rng.random() < 0.9
        hands.drag(start, end, button=button, keys=self.rng.choice(MODIFIERS), release=released)
        if not released:
            QTest.keyClick(view, Key.Key_Escape)
            QTest.mouseRelease(view.viewport(), button, Modifier.NoModifier, end)
        self.reached["a drag changed the network"] += self.window.document.spec is not before

    def drop(self) -> None:
        """Drop a kind on the canvas, or a file on anything that takes some."""
        data = QMimeData()
        view = self.window.current.view
        if self.rng.random() < 0.5:
            target, what = view.viewport(), "kind"
            data.setData(KIND_MIME, self.rng.choice(list(BY_KIND)).encode())
        else:
            target, what = self.rng.choice([self.window, *self._data_panels()]), "file"
            chosen = self.rng.sample(self.files, self.rng.choice([1, 1, 2]))
            data.setUrls([QUrl.fromLocalFile(str(path)) for path in chosen])
        at = self.point(target)
        how = (Qt.DropAction.CopyAction, data, Button.LeftButton, self.rng.choice(MODIFIERS))
        enter = QDragEnterEvent(at, *how)
        QApplication.sendEvent(target, enter)
        if enter.isAccepted():
            QApplication.sendEvent(target, QDragMoveEvent(at, *how))
            QApplication.sendEvent(target, QDropEvent(QPointF(at), *how))
            self.reached[f"dropped a {what} on {type(target).__name__}"] += 1

    def wheel(self) -> None:
        at, view = self.point(self.window.current.view.viewport()), self.window.current.view
        turn = QPoint(0, self.rng.choice([-240, -120, 120, 240]))
        event = QWheelEvent(
            QPointF(at),
            QPointF(view.viewport().mapToGlobal(at)),
            QPoint(),
            turn,
            Button.NoButton,
            self.rng.choice(MODIFIERS),
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(view.viewport(), event)

    def write_json(self) -> None:
        """Type into the JSON: other numbers, rubbish, another network, and back."""
        self.window.show_dock("json_dock")
        panel, document = self.window.docks["json_dock"].widget(), self.window.document
        before, editor = document.spec, panel.editor
        editor.setFocus()
        cursor, text = editor.textCursor(), editor.toPlainText()
        how = self.rng.choice(["number", "number", "number", "rubbish", "cut", "undo", "paste"])
        self.done[-1] += f" {how}"
        numbers = list(re.finditer(r"\b\d+\b", text))
        if how == "number" and numbers:
            found = self.rng.choice(numbers)
            cursor.setPosition(found.start())
            cursor.setPosition(found.end(), QTextCursor.MoveMode.KeepAnchor)
            editor.setTextCursor(cursor)
            QTest.keyClicks(editor, str(self.rng.choice([0, 1, 2, 3, 5, 8, 10, 64, 10**9])))
        elif how == "rubbish":
            cursor.setPosition(self.rng.randrange(len(text) + 1))
            editor.setTextCursor(cursor)
            QTest.keyClicks(editor, self.rng.choice(['"', "{", "]", ",", "1e999", "null"]))
        elif how == "cut":
            start = self.rng.randrange(len(text) + 1)
            cursor.setPosition(start)
            cursor.setPosition(
                min(len(text), start + self.rng.randrange(200)), QTextCursor.MoveMode.KeepAnchor
            )
            editor.setTextCursor(cursor)
            QTest.keyClick(editor, Key.Key_X, Modifier.ControlModifier)
        elif how == "paste":
            QApplication.clipboard().setText(documents.dumps(zoo.load(self.rng.choice(NETWORKS))))
            QTest.keyClick(editor, Key.Key_A, Modifier.ControlModifier)
            QTest.keyClick(editor, Key.Key_V, Modifier.ControlModifier)
        else:
            QTest.keyClick(editor, Key.Key_Z, Modifier.ControlModifier)
        QApplication.processEvents()
        if document is self.window.document:
            self.reached["the JSON changed the network"] += document.spec is not before
        self.reached["the JSON was refused"] += panel.restore.isVisible()
        if panel.restore.isVisible() and self.rng.random() < 0.7:
            QTest.mouseClick(panel.restore, Button.LeftButton)

    def train(self) -> None:
        """Begin, and steer what goes on."""
        training, panel = self.window.training, self.window.docks["training_dock"].widget()
        assert isinstance(panel, TrainingPanel)
        fields = [field for field in panel.live.fields.values() if field.isVisible()]
        if self.trains and training.state == "idle":
            self.window.training.start(self.window.document.spec)
        elif fields and self.rng.random() < 0.3:
            field = self.rng.choice(fields)
            field.setFocus()
            field.selectAll()
            QTest.keyClicks(field, self.rng.choice(["0.1", "0.001", "0.5", "0", "7"]))
            QTest.keyClick(field, Key.Key_Return)
            self.reached["changed while it trains"] += 1
        else:
            # A pause, to go on after it, and an end in good order get more than their share.
            more = 12 if training.state == "paused" else 3
            action = self.rng.choice([*panel.actions(), *more * [panel.pause], panel.stop])
            if self.may(action):
                self.reached[f"action {action.objectName()}"] += 1
                before = training.state
                action.trigger()
                if action is panel.pause and before in ("running", "paused"):
                    # It may come to its end instead, but never stay as it was.
                    self.wait(lambda: training.state != before)

    def turn_tabs(self) -> None:
        """Open, close and shift documents."""
        bar = self.window.current.parentWidget().parentWidget().tabBar()
        if self.rng.random() < 0.2:
            self.window.new(zoo.load(self.rng.choice(NETWORKS)))
        elif self.rng.random() < 0.5:
            at = self.rng.randrange(bar.count())
            close = bar.tabButton(at, bar.ButtonPosition.RightSide)
            QTest.mouseClick(close, Button.LeftButton)
        else:
            order = [bar.tabText(i) for i in range(bar.count())]
            start, end = (bar.tabRect(self.rng.randrange(bar.count())).center() for _ in range(2))
            QTest.mousePress(bar, Button.LeftButton, Modifier.NoModifier, start)
            QTest.mouseMove(bar, (start + end) / 2)
            QTest.mouseMove(bar, end)
            QTest.mouseRelease(bar, Button.LeftButton, Modifier.NoModifier, end)
            self.reached["tabs shifted"] += order != [bar.tabText(i) for i in range(bar.count())]

    def move_docks(self) -> None:
        """Show docks, close them, let them float."""
        name = self.rng.choice(list(self.window.docks))
        dock = self.window.docks[name]
        if not dock.isVisible():
            self.window.menus[f"view.{name}"].trigger()
            return
        title = dock.titleBarWidget()
        assert isinstance(title, _Title)
        QTest.mouseClick(self.rng.choice(title.findChildren(QAbstractButton)), Button.LeftButton)

    def write_file(self) -> None:
        """Another program writes a file that may be open."""
        path = self.rng.choice([path for path in self.files if path.suffix == ".json"])
        documents.save(zoo.load(self.rng.choice(NETWORKS)), path)

    # --- What it needs for it -----------------------------------------------------------------

    def may(self, action: object) -> bool:
        return action.isEnabled() and action.objectName() != LEAVES

    def point(self, widget: QWidget) -> QPoint:
        across, down = max(widget.width(), 1), max(widget.height(), 1)
        return QPoint(self.rng.randrange(across), self.rng.randrange(down))

    def choose_in_menu(self) -> None:
        """Take something of a menu that is open, or none."""
        menu = QApplication.activePopupWidget()
        if not isinstance(menu, QMenu):
            return
        offered = [a for a in menu.actions() if self.may(a) and not a.isSeparator()]
        if not offered or self.rng.random() < 0.3:
            menu.close()
            return
        action = self.rng.choice(offered)
        self.done.append(f"menu {action.text()}")
        if action.menu() is not None:
            menu.setActiveAction(action)
            self.reached["opened a menu in a menu"] += action.menu().isVisible()
            QApplication.processEvents()
            action.menu().close()
        else:
            place = menu.actionGeometry(action).center()
            QTest.mouseClick(menu, Button.LeftButton, Modifier.NoModifier, place)
            self.reached["chosen in a menu"] += 1
        menu.close()

    def look(self) -> None:
        """Count what is otherwise than before."""
        window = self.window
        dialogs = [w for w in QApplication.topLevelWidgets() if isinstance(w, QDialog)]
        now: dict[str, object] = {
            f"dialog {d.objectName() or type(d).__name__}": True for d in dialogs if d.isVisible()
        }
        for name, dock in window.docks.items():
            now[f"{name} shown"] = dock.isVisible()
            now[f"{name} floats"] = dock.isFloating()
        state = window.training.state
        now[f"training {state}"] = True
        self.reached["training goes on"] += state == "running" and "training paused" in self._seen
        now["tab in front"] = id(window.current)
        tabs = len(list(window.tabs()))
        before = self._seen.get("tabs", tabs)
        self.reached["tabs opened"] += max(0, tabs - before)
        self.reached["tabs closed"] += max(0, before - tabs)
        for name, value in now.items():
            self.reached[name] += bool(value) and value != self._seen.get(name)
        self._seen = now | {"tabs": tabs}

    def press_a_button(self, box: QMessageBox) -> int:
        """What a message box gets for an answer."""
        box.show()
        buttons = box.buttons()
        button = self.rng.choice(buttons)
        self.done.append(f"{box.objectName()}: {button.text()}")
        self.reached[f"{box.objectName()}: {button.text().replace('&', '')}"] += 1
        QTest.mouseClick(button, Button.LeftButton)
        return box.result()

    def _data_panels(self) -> list[QWidget]:
        dock = self.window.docks["data_dock"]
        return [dock.widget()] if dock.isVisible() else []
