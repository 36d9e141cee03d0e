"""Asking before a training is stopped, by Escape or by closing the window."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QMessageBox, QWidget

from graphspec_gui.banner import Banner
from graphspec_gui.message import Message
from graphspec_gui.training.controller import TrainingController


class Leaving(QObject):
    """What the window asks while a training runs.

    Args:
        training: the window's training.
        window: the window; it is closed once a training that was to be stopped has saved.
        say: shows a banner across the window.
    """

    def __init__(
        self, training: TrainingController, window: QWidget, say: Callable[[Banner], None]
    ) -> None:
        super().__init__(window)
        self._say = say
        self._training = training
        self._window = window
        self.closing = False
        """Whether the window closes as soon as the training has saved."""
        self.left: Path | None = None
        """The run of a training that goes on without the app."""
        training.changed.connect(self._close)

    def ask_stop(self) -> bool:
        """Ask whether to stop; False where nothing is being trained.

        What is only being prepared has nothing to lose, and ends at once.
        """
        if self._training.state == "preparing":
            self._training.stop()
            return True
        if self._training.state not in ("running", "paused"):
            return False
        more = "It saves first, and can go on from there later."
        box = self._question("stop_training", "Stop the training?", more)
        stop = box.addButton("Stop", QMessageBox.ButtonRole.AcceptRole)
        box.setDefaultButton(box.addButton("Go on", QMessageBox.ButtonRole.RejectRole))
        box.exec()
        if box.clickedButton() is stop:
            self._training.stop()
        return True

    def may_close(self) -> bool:
        """Whether the window may close now: a training is stopped first, or left running."""
        if self._training.worker is None:
            return True
        if self.closing:
            self._ask_again()
            return False
        more = (
            "Stop it, and go on with it later; or leave it running without the app, and open its "
            "run again when you like."
        )
        box = self._question("training_goes_on", "A training is running.", more)
        stop = box.addButton("Stop it", QMessageBox.ButtonRole.AcceptRole)
        leave = box.addButton("Leave it running", QMessageBox.ButtonRole.DestructiveRole)
        box.addButton(QMessageBox.StandardButton.Cancel)
        box.setDefaultButton(stop)
        box.exec()
        if box.clickedButton() is leave:
            self.left = self._training.leave_running()
        elif box.clickedButton() is stop:
            # The window stays until the last state is on the disk.
            self.closing = True
            self._training.stop()
            words = "The training finishes its step and saves; then the window closes."
            self._say(Banner(words, {}, self._window, notice=True))
        else:
            return False
        # It may have ended while the question was open.
        return self._training.worker is None

    def _ask_again(self) -> None:
        """Somebody who closes the window twice need not wait for a worker that may hang."""
        more = "What was made since its last checkpoint is lost if it is ended."
        box = self._question("training_is_saving", "The training is still being stopped.", more)
        end = box.addButton("End it at once", QMessageBox.ButtonRole.DestructiveRole)
        box.setDefaultButton(box.addButton("Wait", QMessageBox.ButtonRole.RejectRole))
        box.exec()
        if box.clickedButton() is end:
            self._training.kill()

    def _close(self) -> None:
        if self.closing and self._training.worker is None:
            self.closing = False
            QTimer.singleShot(0, self._window.close)

    def _question(self, name: str, text: str, more: str) -> Message:
        return Message("question", name, text, more, self._window)
