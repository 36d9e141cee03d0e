"""Writing what a viewer shows into a file: its picture, or the numbers that it is drawn from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog, QWidget

from graphspec_gui.message import Message
from graphspec_gui.viewers.looks import Looks

if TYPE_CHECKING:
    from graphspec.inspect.pictures.sheet import Picture

FILTERS = "Picture (*.png *.svg *.pdf);;Numbers (*.json *.npz)"


def ask_export(picture: Picture, name: str, looks: Looks, parent: QWidget) -> None:
    """Ask where to, and write the picture off the UI thread, whole or not at all.

    Args:
        picture: what is shown.
        name: the file's name without an ending, to begin with.
        looks: where the work is done.
        parent: the viewer.
    """
    chosen, wanted = QFileDialog.getSaveFileName(
        parent, "Export what is shown", f"{name}.png", FILTERS
    )
    if not chosen:
        return
    path = Path(chosen)
    ending = ".json" if wanted.startswith("Numbers") else ".png"
    path = path if path.suffix else path.with_suffix(ending)

    def work() -> Iterator[Path]:
        yield picture.save(path)

    def ended(reason: str) -> None:
        if reason:
            Message("error", "not_written", "It cannot be written.", reason, parent).exec()

    looks.ask(f"export {name}", work, lambda _: None, ended)
