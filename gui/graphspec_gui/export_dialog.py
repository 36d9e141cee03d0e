"""Where something is exported to, and as what: the one dialog that asks it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from graphspec_gui.message import Message

_KINDS = {
    ".png": "PNG picture",
    ".svg": "SVG drawing",
    ".pdf": "PDF document",
    ".csv": "Points as CSV",
    ".json": "Numbers as JSON",
    ".npz": "Numbers as NumPy arrays",
}


class ExportDialog(QFileDialog):
    """Asks for a file; its ending says what is written into it.

    Of the name and the kind of file, what was said last counts: a kind that is chosen changes the
    ending of the name, and a name that is typed with one of the endings is of that kind. Any other
    name, ``run.v2`` as much as ``run``, gets the ending of the kind.

    Args:
        title: what is exported.
        name: what the file is called at first, without an ending.
        endings: what it may become; the first is chosen at first.
        write: takes the path in the end.
        parent: the window that it belongs to.
        files: those that are written for a path, where it is not that one.
    """

    def __init__(
        self,
        title: str,
        name: str,
        endings: Sequence[str],
        write: Callable[[Path], None],
        parent: QWidget,
        files: Callable[[Path], Sequence[Path]] = lambda path: [path],
    ) -> None:
        super().__init__(parent, title)
        self._endings = {f"{_KINDS[ending]} (*{ending})": ending for ending in endings}
        self._write, self._files = write, files
        self.setObjectName("export_dialog")
        self.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        self.setNameFilters(list(self._endings))
        self.setDefaultSuffix(endings[0])
        self.selectFile(name)
        # Qt gives a name that has an ending the one of the kind that is chosen.
        self.filterSelected.connect(lambda kind: self.setDefaultSuffix(self._endings[kind]))
        self.accepted.connect(self._settle)
        self.rejected.connect(self.deleteLater)
        self.open()

    def _settle(self) -> None:
        chosen = Path(self.selectedFiles()[0])
        path = chosen
        if chosen.suffix.lower() not in self._endings.values():
            path = chosen.with_name(chosen.name + self._endings[self.selectedNameFilter()])
        # Qt has asked about the name that it knows.
        there = [file for file in self._files(path) if file != chosen and file.exists()]
        if there and not may_replace(there, self.parentWidget()):
            self.open()
            return
        self.deleteLater()
        self._write(path)


def may_replace(there: Sequence[Path], window: QWidget | None) -> bool:
    """Ask about files that the dialog did not ask about: their names were made from what it had."""
    names = ", ".join(path.name for path in there)
    one = len(there) == 1
    words = f"{names} {'is' if one else 'are'} there already."
    more = f"Do you want to replace {'it' if one else 'them'}?"
    box = Message("question", "replace_file", words, more, window)
    replace = box.addButton("Replace", QMessageBox.ButtonRole.AcceptRole)
    box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
    box.exec()
    return box.clickedButton() is replace
