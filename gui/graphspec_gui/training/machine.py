"""How this computer trains: which engine, on how many threads; and what that costs it."""

from __future__ import annotations

from dataclasses import dataclass

import psutil
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QFormLayout, QLabel, QWidget

from graphspec.engines.choosing import NAMES, Accuracy, usable_cores, why_not_jit
from graphspec.quantities import size
from graphspec_gui.number_box import NumberBox
from graphspec_gui.theme import space

_FASTEST = "fastest"


@dataclass(frozen=True)
class Machine:
    """What a new run is trained with; None takes what is fastest."""

    engine: str | None = None
    threads: int | None = None
    accuracy: Accuracy = "fast"


class MachineForm(QWidget):
    """Engine, threads and accuracy of the next run; they are no part of the network's file.

    Args:
        parent: where it stands.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setHorizontalSpacing(space(1))
        form.setVerticalSpacing(space(0.5))
        self.engine = QComboBox(self)
        self.engine.addItems([_FASTEST, *NAMES])
        self.engine.setToolTip(
            "jit compiles kernels for this processor; numpy is the plain reference"
        )
        self.threads = NumberBox("Threads", 0, usable_cores(), self)
        self.threads.setSpecialValueText("all cores")
        self.accuracy = QComboBox(self)
        self.accuracy.addItems(["fast", "accurate"])
        self.accuracy.setToolTip("accurate rounds less, and takes longer")
        for words, field in (
            ("engine", self.engine),
            ("threads", self.threads),
            ("accuracy", self.accuracy),
        ):
            label = QLabel(words, self)
            label.setProperty("muted", True)
            label.setBuddy(field)
            label.setFixedWidth(space(11))
            field.setAccessibleName(words.capitalize())
            form.addRow(label, field)
        self.note = QLabel(self)
        self.note.setProperty("muted", True)
        self.note.setTextFormat(Qt.TextFormat.PlainText)
        self.note.setWordWrap(True)
        form.addRow(self.note)
        self.engine.currentIndexChanged.connect(self._allow)
        self._allow()

    @property
    def chosen(self) -> Machine:
        """What is chosen."""
        name = self.engine.currentText()
        accuracy: Accuracy = "accurate" if self.accuracy.currentIndex() else "fast"
        compiled = name != "numpy"
        return Machine(
            None if name == _FASTEST else name,
            (self.threads.value() or None) if compiled else None,
            accuracy,
        )

    def _allow(self) -> None:
        name = self.engine.currentText()
        reason = why_not_jit("float32")
        compiled = name != "numpy" and not reason
        self.threads.setEnabled(compiled)
        words = {
            "numpy": "The numpy engine computes on one thread.",
            _FASTEST: f"It will be numpy: {reason}." if reason else "",
            "jit": f"jit cannot be used here: {reason}." if reason else "",
        }[name]
        self.threads.setToolTip("" if compiled else words)
        self.note.setText(words)
        self.note.setVisible(bool(words))


class Load:
    """What a process takes of the processor and the memory, measured from call to call."""

    def __init__(self) -> None:
        self._process: psutil.Process | None = None

    def words(self, pid: int | None) -> tuple[str, str]:
        """The share of a core since the last call, and the resident memory; empty when gone."""
        if pid is None:
            return "", ""
        try:
            if self._process is None or self._process.pid != pid:
                self._process = psutil.Process(pid)
                self._process.cpu_percent()
                share = None
            else:
                share = self._process.cpu_percent()
            memory = size(self._process.memory_info().rss)
        except psutil.Error:
            return "", ""
        cores = usable_cores()
        word = "cores" if cores > 1 else "core"
        told = "" if share is None else f"{share / 100:.1f} of {cores} {word}"
        return told, memory
