"""A problem in words, with its arithmetic and the buttons that mend it."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QStyle,
    QStyleOptionButton,
    QStylePainter,
    QVBoxLayout,
    QWidget,
)

from graphspec.errors import Problem
from graphspec_gui.buttons import StatePicture
from graphspec_gui.flow import Flow
from graphspec_gui.theme import plain_tip, space, theme


class Trouble(QWidget):
    """One problem: an icon, a sentence, the sum that fails, and a button for each fix.

    Args:
        problem: what is wrong.
        parent: where it is shown.
    """

    fix_wanted = Signal(object)
    """The ``Fix`` whose button was pressed."""

    def __init__(self, problem: Problem, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.problem = problem
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(space(1))
        icon = StatePicture(problem.severity, self)
        icon.setAccessibleName(problem.severity)
        row.addWidget(icon, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout()
        column.setSpacing(space(0.5))
        row.addLayout(column, 1)
        self.label = _label(sentence(problem.message), self)
        column.addWidget(self.label)
        # The words of a shape problem often hold the sum already.
        if problem.arithmetic and problem.arithmetic not in problem.message:
            sum_ = _label(problem.arithmetic, self)
            sum_.setFont(theme().font("mono"))
            sum_.setProperty("muted", True)
            column.addWidget(sum_)
        self.buttons: list[QPushButton] = []
        if problem.fixes:
            holder = QWidget(self)
            flow = Flow(holder, space(0.5))
            for fix in problem.fixes:
                button = _FixButton(sentence(fix.label).replace("&", "&&"), holder)
                button.setAccessibleName(f"Fix: {fix.label}")
                button.setToolTip(plain_tip(f"{sentence(fix.label)}. It can be undone."))
                button.clicked.connect(lambda _=False, fix=fix: self.fix_wanted.emit(fix))
                flow.addWidget(button)
                self.buttons.append(button)
            column.addWidget(holder)
        self.setAccessibleName(f"{problem.severity}: {problem.message}")


class _FixButton(QPushButton):
    """Leaves out the middle of its words where the dock is narrower: names may be long."""

    def __init__(self, text: str, parent: QWidget) -> None:
        super().__init__(text, parent)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def minimumSizeHint(self) -> QSize:
        """So that its words do not make the dock wider than it is."""
        return QSize(space(12), super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw as many of its words as there is room for."""
        option = QStyleOptionButton()
        self.initStyleOption(option)
        inside = QStyle.SubElement.SE_PushButtonContents
        room = self.style().subElementRect(inside, option, self).width()
        middle, ampersands = Qt.TextElideMode.ElideMiddle, Qt.TextFlag.TextShowMnemonic
        option.text = self.fontMetrics().elidedText(self.text(), middle, room, ampersands.value)
        QStylePainter(self).drawControl(QStyle.ControlElement.CE_PushButton, option)


def _label(text: str, parent: QWidget) -> QLabel:
    label = QLabel(text, parent)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
    policy.setHeightForWidth(True)
    label.setSizePolicy(policy)
    return label


def sentence(text: str) -> str:
    """Words that begin with a capital."""
    return text[:1].upper() + text[1:]
