"""Writing what a viewer shows into a file: its picture, or the numbers that it is drawn from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from graphspec_gui.export_dialog import ExportDialog
from graphspec_gui.message import Message
from graphspec_gui.viewers.looks import Looks

if TYPE_CHECKING:
    from graphspec.inspect.pictures.sheet import Picture

ENDINGS = (".png", ".svg", ".pdf", ".json", ".npz")


def ask_export(picture: Picture, name: str, looks: Looks, parent: QWidget) -> None:
    """Ask where to, and write the picture off the UI thread, whole or not at all.

    Args:
        picture: what is shown.
        name: the file's name without an ending, to begin with.
        looks: where the work is done.
        parent: the viewer.
    """

    def work(path: Path) -> Iterator[Path]:
        yield picture.save(path)

    def ended(reason: str) -> None:
        if reason:
            Message("error", "not_written", "It cannot be written.", reason, parent).exec()

    def write(path: Path) -> None:
        looks.ask(f"export {name}", lambda: work(path), lambda _: None, ended)

    ExportDialog("Export what is shown", name, ENDINGS, write, parent)
