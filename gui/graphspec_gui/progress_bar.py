"""A progress bar that moves only while nobody knows how far something is."""

from __future__ import annotations

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QProgressBar


class ProgressBar(QProgressBar):
    """As Qt's, but still once its end is known.

    Qt goes on with the movement of a bar that had no end and now is at its beginning: it is painted
    thirty times a second, with all that it stands in, until the first hundredth is done.
    """

    def event(self, event: QEvent) -> bool:
        """End the movement where there is nothing to show by it: what is not taken is not sent."""
        if event.type() == QEvent.Type.StyleAnimationUpdate and self.maximum() > self.minimum():
            event.ignore()
            return True
        return super().event(event)
