"""Answering the questions of the app with a click, as a user does."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QDialogButtonBox,
    QFileDialog,
    QLineEdit,
    QMessageBox,
)


def answer(words: str, told: list[str] | None = None) -> None:
    """Press a button of the message box that is asked next, and take down what it says."""

    def press() -> None:
        box = QApplication.activeModalWidget()
        if not isinstance(box, QMessageBox):
            QTimer.singleShot(20, press)
            return
        if told is not None:
            told.append(box.text())
        (button,) = (item for item in box.buttons() if item.text().replace("&", "") == words)
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    QTimer.singleShot(0, press)


def export_as(path: Path, kind: str = "") -> None:
    """Type a name in its folder where it is asked what to export to, choose a kind, and save."""
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, QFileDialog)
    line = dialog.findChild(QLineEdit, "fileNameEdit")
    line.setCompleter(None)  # its list would take the click
    dialog.setDirectory(str(path.parent))
    dialog.activateWindow()
    line.setFocus()
    QApplication.processEvents()
    assert line.hasFocus()  # else Qt writes into it what it selects in the list of files
    line.selectAll()
    QTest.keyClicks(line, path.name)
    assert line.text() == path.name
    if kind:
        kinds = dialog.findChild(QComboBox, "fileTypeCombo")
        kinds.setFocus()
        QTest.keyClicks(kinds, kind)
        assert kinds.currentText().startswith(kind)
    (box,) = dialog.findChildren(QDialogButtonBox)
    QTest.mouseClick(box.button(QDialogButtonBox.StandardButton.Save), Qt.MouseButton.LeftButton)
