"""Actions: each with an id, words, an icon, a shortcut, and the reason while it is disabled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from graphspec_gui.theme import theme


class StudioAction(QAction):
    """Something that can be done, from a menu, the toolbar, a key, or the command palette.

    Args:
        name: its id, such as ``"file.open"``; also its objectName.
        text: what it does, in the words of a menu; ``…`` at the end where it asks more.
        run: called without arguments, or with the new state where ``checkable``.
        parent: who owns it. A widget's actions work while it or a child has the focus.
        icon: the name of a Material icon, ``mdi6.…``.
        keys: shortcuts; the first one is shown.
        tip: one sentence more than the text.
        checkable: whether it is switched on and off.
    """

    def __init__(
        self,
        name: str,
        text: str,
        run: Callable[..., Any],
        parent: QObject,
        *,
        icon: str | None = None,
        keys: tuple[str, ...] = (),
        tip: str = "",
        checkable: bool = False,
    ) -> None:
        super().__init__(text, parent)
        self.setObjectName(name)
        self._tip = tip or text.removesuffix("…")
        self._icon = icon
        self.reason = ""
        """Why it is disabled; empty while it is enabled."""
        self.setCheckable(checkable)
        if keys:
            self.setShortcuts([QKeySequence(key) for key in keys])
            self.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        if checkable:
            self.toggled.connect(run)
        else:
            self.triggered.connect(lambda _=False: run())
        self._explain()
        if icon is not None:
            theme().changed.connect(self._paint)
            self._paint()

    def allow(self, reason: str | None = None) -> None:
        """Enable it, or disable it and say why: a sentence such as "Nothing is selected."."""
        # Asked again and again while a training runs, mostly with the same answer.
        if (reason or "") != self.reason:
            self.reason = reason or ""
            self.setEnabled(not reason)
            self._explain()

    def become(self, text: str, icon: str | None = None) -> None:
        """Stand for something else from now on: its words, its tip, and its icon if one is told."""
        if text == self.text():
            return
        self.setText(text)
        self._tip = text.removesuffix("…")
        self._explain()
        if icon is not None:
            self._icon = icon
            self._paint()

    def _explain(self) -> None:
        keys = self.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        # Not a "<b>…</b>": a tip may hold a name from a file, and is then plain text.
        tip = f"{self._tip} ({keys})" if keys else self._tip
        self.setToolTip(f"{tip}\n{self.reason}" if self.reason else tip)

    def _paint(self) -> None:
        if self._icon is not None:
            self.setIcon(theme().icon(self._icon))


class StudioMenu(QMenu):
    """A menu in which what is disabled says why; Qt's own show no tooltips.

    Args:
        parent: who owns it.
        title: its words in the menu that it is in.
    """

    def __init__(self, parent: QWidget, title: str = "") -> None:
        super().__init__(title, parent)
        self.setToolTipsVisible(True)


def reason_of(action: QAction) -> str:
    """Why an action is disabled, in a sentence; empty where nobody said."""
    return action.reason if isinstance(action, StudioAction) else ""


def plain(action: QAction) -> str:
    """An action's words without the mark of its access key."""
    return action.text().replace("&&", "\0").replace("&", "").replace("\0", "&")
