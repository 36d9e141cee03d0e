"""A field for a whole number."""

from __future__ import annotations

from PySide6.QtWidgets import QSpinBox, QWidget

from graphspec_gui.theme import space


class NumberBox(QSpinBox):
    """Its number stands as far from the edge as the text of other fields.

    Args:
        name: what is counted, for screen readers.
        low: the smallest number.
        high: the largest number.
        parent: where it stands.
    """

    def __init__(self, name: str, low: int, high: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setRange(low, high)
        # The style sheet's padding does not reach the text in a spin box.
        self.lineEdit().setTextMargins(space(0.75), 0, 0, 0)
        self.setFixedHeight(space(3.5))
