"""How far a long question is, and how long it will still take."""

from __future__ import annotations

import time

from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from graphspec.quantities import duration
from graphspec_gui.progress_bar import ProgressBar
from graphspec_gui.theme import space

_MANY = 10_000


class Waiting(QWidget):
    """A bar and the time left, seen from ``begin`` to ``end``.

    Args:
        name: what is counted, for screen readers.
        parent: where it stands.
    """

    def __init__(self, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.bar = ProgressBar(self)
        self.bar.setAccessibleName(name)
        self.bar.setFixedSize(space(12), space(1))
        self.bar.setTextVisible(False)
        self.words = QLabel(self)
        self.words.setProperty("muted", True)
        # As wide as it may become: what stands behind it keeps its place.
        longest = self.fontMetrics().horizontalAdvance("100%, 59 min 59 s left")
        self.words.setMinimumWidth(longest)
        self.setMinimumHeight(space(3.5))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.bar)
        row.addWidget(self.words)
        self.hide()

    def begin(self) -> None:
        """Wait from now on; until something is told the bar moves to and fro."""
        self._begun = time.monotonic()
        self.bar.setRange(0, 0)
        self.words.clear()
        self.show()

    def tell(self, share: float) -> None:
        """Show the share that is done, above 0."""
        self.bar.setRange(0, _MANY)
        self.bar.setValue(round(_MANY * share))
        left = (time.monotonic() - self._begun) * (1 - share) / share
        self.words.setText(f"{share:.0%}, {duration(left)} left")

    def end(self) -> None:
        """Wait no longer."""
        self.hide()
