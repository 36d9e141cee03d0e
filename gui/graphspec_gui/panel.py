"""What every dock holds: a widget that shows the document in front."""

from __future__ import annotations

from PySide6.QtCore import QMetaObject, QObject, Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget

from graphspec_gui.document import StudioDocument


class Panel(QWidget):
    """Shows one document at a time, and costs nothing while it is hidden.

    A subclass overrides ``refresh``, which is called when anything it ``follows`` has changed,
    but only while the panel can be seen; what was missed is made up for when it is shown.
    """

    follows: tuple[str, ...] = ("spec_changed", "selection_changed", "analysis_changed")
    """The signals of the document after which the panel is out of date."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.document: StudioDocument | None = None
        self._links: list[QMetaObject.Connection] = []
        self._stale = True
        self._in_front = True

    def set_document(self, document: StudioDocument | None) -> None:
        """Show another document, or none."""
        if document is self.document:
            return
        for link in self._links:
            QObject.disconnect(link)
        self.leave()
        self.document = document
        self._links = []
        if document is not None:
            self._links = [getattr(document, name).connect(self.touch) for name in self.follows]
            self._links.append(document.destroyed.connect(self._forget))
        self.touch()

    def leave(self) -> None:
        """Finish with the document that is still in front; by default there is nothing to do."""

    def refresh(self) -> None:
        """Show ``self.document`` as it is now; it may be None."""
        raise NotImplementedError

    def touch(self) -> None:
        """Refresh now, or when the panel is next seen."""
        self._stale = True
        self._make_up()

    def set_in_front(self, in_front: bool) -> None:
        """Hear from the dock whether it is seen; behind another tab Qt still calls it visible."""
        self._in_front = in_front
        self._make_up()

    def showEvent(self, event: QShowEvent) -> None:
        """Make up for what was missed."""
        super().showEvent(event)
        self._make_up()

    @property
    def in_sight(self) -> bool:
        """Whether it can be seen: it is shown, and not behind another tab."""
        return self._in_front and self.isVisible()

    def _make_up(self) -> None:
        if self._stale and self.in_sight:
            self._stale = False
            self.refresh()

    def _forget(self) -> None:
        self.document = None
        self._links = []
