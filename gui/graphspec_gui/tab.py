"""One document's page: messages on top, the canvas below."""

from __future__ import annotations

import uuid
from pathlib import Path

from PySide6.QtWidgets import QVBoxLayout, QWidget

from graphspec_gui.banner import Banner
from graphspec_gui.document import StudioDocument

GONE = "it is there no more"


class EditorTab(QWidget):
    """A document with its canvas; it owns the document.

    Args:
        document: what is edited.
        text: what its file holds, or None where it has none yet.
        parent: the tabs.
    """

    def __init__(
        self, document: StudioDocument, text: str | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        document.setParent(self)
        self.document = document
        self.key = uuid.uuid4().hex
        """Its name in the journal."""
        self.on_disk = text
        """What its file held when it was last read or written."""
        self.found: str | None = None
        """What its file was found to hold when that was told."""
        self.lost: str | None = None
        """Why its file was found not to be readable, which was told."""
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        # The start page is up before the canvas is imported.
        from graphspec_gui.canvas.view import CanvasView

        self.view = CanvasView(document, self)
        document.revealed.connect(self._reveal)
        self._column.addWidget(self.view, 1)
        self._banner: Banner | None = None

    def say(self, banner: Banner | None) -> None:
        """Show a message above the canvas, in place of the one that is there; None only clears."""
        if self._banner is not None:
            self._banner.hide()
            self._banner.deleteLater()
        self._banner = banner
        if banner is not None:
            banner.destroyed.connect(self._gone)
            self._column.insertWidget(0, banner)

    @property
    def banner(self) -> Banner | None:
        """The message that is shown."""
        return self._banner

    def changed_on_disk(self) -> str | None:
        """What the file holds now, where that is not what was last read or written; else None."""
        path = self.document.path
        text = None if path is None else read_text(path)
        return None if text is None or text == self.on_disk else text

    def lost_on_disk(self) -> str | None:
        """Why the file cannot be read any more; None where it can, or never was."""
        path = self.document.path
        if path is None or self.on_disk is None:
            return None
        try:
            path.open("rb").close()
        except (FileNotFoundError, NotADirectoryError):
            return GONE
        except OSError as error:
            return error.strerror or str(error)
        return None

    def _reveal(self, name: str) -> None:
        self.view.reveal([name])

    def _gone(self, banner: object) -> None:
        if banner is self._banner:
            self._banner = None


def read_text(path: Path) -> str | None:
    """The text of a file, as far as it is one; None where it cannot be read."""
    try:
        return path.read_bytes().decode(errors="replace")
    except OSError:
        return None
