"""A line of text over a node: its name (F2), or what it is set to (Enter)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit

from graphspec import edit
from graphspec.edit.revise import refusal
from graphspec.graph import GraphSpec
from graphspec.layers.base import Layer
from graphspec.layers.input import Input
from graphspec_gui.canvas.labels import settings
from graphspec_gui.theme import space

if TYPE_CHECKING:
    from graphspec_gui.canvas.view import CanvasView


class InlineEditor(QLineEdit):
    """Takes a text in place; Enter keeps it, Escape does not.

    Args:
        view: the canvas.
    """

    def __init__(self, view: CanvasView) -> None:
        super().__init__(view)
        self._view = view
        self._keep: Callable[[str], bool] | None = None
        self.setObjectName("canvas_inline")
        self.installEventFilter(self)
        self.hide()

    def rename(self, name: str) -> None:
        """Edit the last part of a node's or group's name."""
        prefix, dot, last = name.rpartition(".")

        def keep(text: str) -> bool:
            view = self._view
            new = prefix + dot + text.strip()
            if new == name:
                return True
            inside = view.members([name])
            chosen = [new + item[len(name) :] for item in inside]
            was_folded = name in view.folded
            if was_folded:
                # Before the document changes: afterwards there is no group of the old name.
                view.folded = view.folded | {new}
            done = view.make_edit(
                lambda spec: edit.rename(spec, name, new), f"Rename {name}", select=chosen
            )
            if done:
                view.make_current(view.picture.shown.get(chosen[0]))
            return done

        self.setAccessibleName(f"Name of {name}")
        self._open(name, last, keep, line=0)

    def set_fields(self, layer: Layer) -> None:
        """Edit the settings of a layer as ``field=value`` words."""
        values = settings(layer)

        def keep(text: str) -> bool:
            return self._view.make_edit(
                lambda spec: _with_settings(spec, layer, text), f"Set {layer.id}"
            )

        self.setAccessibleName(f"Settings of {layer.id}")
        self._open(layer.id, written(values), keep, line=1)

    def set_input(self, item: Input) -> None:
        """Edit the shape or the number of classes of an input of the graph."""

        def keep(text: str) -> bool:
            return self._view.make_edit(
                lambda spec: _with_words(spec, item.id, text), f"Set {item.id}"
            )

        values = item.model_dump(mode="json", exclude={"id"}, exclude_none=True)
        self.setAccessibleName(f"Settings of {item.id}")
        self._open(item.id, written(values), keep, line=1)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep the keys of the canvas away while somebody types."""
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
        elif event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                if self._keep is not None and self._keep(self.text()):
                    self._close()
                return True
            if event.key() == Qt.Key.Key_Escape:
                self._close()
                return True
        elif event.type() == QEvent.Type.FocusOut and self.isVisible():
            self.hide()
        return super().eventFilter(watched, event)

    def _open(self, name: str, text: str, keep: Callable[[str], bool], line: int) -> None:
        # Over another node it would be taken for that one's.
        self._view.show_whole(name)
        item = self._view.canvas.node_items[name]
        rect = self._view.mapFromScene(item.mapRectToScene(item.rect())).boundingRect()
        room = self._view.rect()
        width = max(rect.width() - space(2), space(26))
        x = max(space(), min(rect.x() + space(), room.width() - width - space()))
        y = rect.y() + round((4 + 26 * line) * min(self._view.zoom, 1.5))
        self.setGeometry(x, max(space(), min(y, room.height() - space(5))), width, space(3.5))
        self._keep = keep
        self.setText(text)
        self.show()
        self.raise_()
        self.setFocus(Qt.FocusReason.PopupFocusReason)
        self.selectAll() if line == 0 else self.end(False)

    def _close(self) -> None:
        self._keep = None
        # The focus goes first: a hidden widget would hand it to whatever comes next.
        self._view.setFocus(Qt.FocusReason.PopupFocusReason)
        self.hide()


def written(values: dict[str, Any]) -> str:
    """Settings as text: ``filters=6 kernel=5``; what has spaces in JSON is written without."""
    return " ".join(
        f"{name}={value if isinstance(value, str) else json.dumps(value, separators=(',', ':'))}"
        for name, value in values.items()
    )


def _with_words(spec: GraphSpec, name: str, text: str) -> GraphSpec:
    for word in text.split():
        field, value = edit.parse_assignment(word)
        spec = edit.set_field(spec, name, field, value)
    return spec


def _with_settings(spec: GraphSpec, layer: Layer, text: str) -> GraphSpec:
    """Set every field that is named; one that was shown and is gone goes back to its default."""
    named: dict[str, Any] = {}
    for word in text.split():
        if "=" not in word:
            raise refusal("no-assignment", f"{word!r:.60} is no setting; write it as pad=2")
        name, value = edit.parse_assignment(word)
        named[name] = value
    fields = type(layer).model_fields
    for name in settings(layer):
        if name not in named:
            if fields[name].is_required():
                raise refusal("missing-key", f"{layer.id} needs {name}: write it as {name}=…")
            named[name] = fields[name].get_default(call_default_factory=True)
    for name, value in named.items():
        spec = edit.set_field(spec, layer.id, name, value)
    return spec
