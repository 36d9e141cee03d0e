"""A new network: one that ships, or one written as a pattern of the course notes."""

from __future__ import annotations

import inspect
from functools import cache

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from graphspec import zoo
from graphspec.errors import SpecError
from graphspec.graph import GraphSpec
from graphspec.pattern import UNITS, expand
from graphspec.zoo import BUILDERS
from graphspec_gui.files import empty_network
from graphspec_gui.findings import Findings, look
from graphspec_gui.number_box import NumberBox
from graphspec_gui.theme import plain_tip, space, theme
from graphspec_gui.trouble import sentence

EMPTY = "empty canvas"
PATTERN = "INPUT -> [[CONV -> RELU]*2 -> POOL]*3 -> [FC -> RELU]*1 -> FC"


class TemplateDialog(QDialog):
    """Asks what a new document starts from; ``chosen`` has the answer after it is accepted.

    Args:
        parent: the window.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("new_network")
        self.setWindowTitle("New network")
        self.resize(space(96), space(64))
        self.chosen: GraphSpec | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(space(2), space(2), space(2), space(2))
        column.setSpacing(space(2))
        self.pages = QTabWidget(self)
        self.pages.setDocumentMode(True)
        self.pages.tabBar().setDrawBase(False)
        self.pages.tabBar().setAccessibleName("Ways to begin")
        self.pages.setAccessibleName("Ways to begin")
        self.pages.addTab(self._templates(), "From a template")
        self.pages.addTab(self._patterns(), "From a pattern")
        column.addWidget(self.pages, 1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel, self)
        self.create_button = buttons.addButton("Create", QDialogButtonBox.ButtonRole.AcceptRole)
        self.create_button.setProperty("main", True)
        self.create_button.setDefault(True)
        buttons.accepted.connect(self._accept)
        buttons.rejected.connect(self.reject)
        column.addWidget(buttons)
        self.pages.currentChanged.connect(self._weigh)
        self.list.setCurrentRow(0)
        self.list.setFocus()

    def show_pattern(self) -> None:
        """Turn to the page where a pattern is written."""
        self.pages.setCurrentIndex(1)
        self.pattern.setFocus()

    def _templates(self) -> QWidget:
        page = QWidget(self)
        row = QHBoxLayout(page)
        row.setContentsMargins(0, space(2), 0, 0)
        row.setSpacing(space(2))
        self.list = QListWidget(page)
        self.list.setObjectName("templates")
        self.list.setAccessibleName("Templates")
        self.list.setFixedWidth(space(26))
        # Before the rows are made: their height depends on the style.
        self.list.ensurePolished()
        for name in (EMPTY, *zoo.names()):
            item = QListWidgetItem(name, self.list)
            item.setData(Qt.ItemDataRole.UserRole, name)
        self.list.currentItemChanged.connect(lambda *_: self._describe())
        self.list.itemDoubleClicked.connect(lambda _: self._accept())
        row.addWidget(self.list)
        side = QVBoxLayout()
        side.setSpacing(space(1))
        self.title = _label("title", page)
        self.about = _label("body", page)
        self.facts = _label("body", page)
        self.facts.setProperty("muted", True)
        side.addWidget(self.title)
        side.addWidget(self.about)
        side.addSpacing(space(1))
        side.addWidget(self.facts)
        side.addStretch(1)
        row.addLayout(side, 1)
        return page

    def _patterns(self) -> QWidget:
        page = QWidget(self)
        column = QVBoxLayout(page)
        column.setContentsMargins(0, space(2), 0, 0)
        column.setSpacing(space(1))
        lead = _label("body", page)
        lead.setText(
            "Layers joined by arrows; [ … ]*N repeats. A name takes fields of its layer, as in "
            f"CONV(filters=64, kernel=5). Names: {', '.join(UNITS)}."
        )
        lead.setProperty("muted", True)
        column.addWidget(lead)
        self.pattern = QPlainTextEdit(PATTERN, page)
        self.pattern.setObjectName("pattern")
        self.pattern.setAccessibleName("Pattern")
        self.pattern.setFont(theme().font("mono"))
        self.pattern.setFixedHeight(space(10))
        self.pattern.setTabChangesFocus(True)
        column.addWidget(self.pattern)
        form = QFormLayout()
        form.setSpacing(space(1))
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.FieldsStayAtSizeHint)
        self.shape = QLineEdit("3, 32, 32", page)
        self.shape.setAccessibleName("Shape of one example, channels first")
        self.shape.setMinimumWidth(space(20))
        form.addRow("Input, channels first", self.shape)
        self.classes = NumberBox("Classes", 1, 1_000_000, page)
        self.classes.setValue(10)
        self.classes.setMinimumWidth(space(20))
        form.addRow("Classes", self.classes)
        column.addLayout(form)
        self.verdict = _label("mono", page)
        self.verdict.setObjectName("pattern_verdict")
        column.addWidget(self.verdict)
        column.addStretch(1)
        for signal in (
            self.pattern.textChanged,
            self.shape.textChanged,
            self.classes.valueChanged,
        ):
            signal.connect(lambda *_: self._weigh())
        return page

    def _describe(self) -> None:
        name = self._template()
        findings = _findings(name)
        self.title.setText(name)
        self.about.setText(_about(name))
        self.facts.setText("\n".join(_facts(findings)))

    def _template(self) -> str:
        item = self.list.currentItem()
        return str(item.data(Qt.ItemDataRole.UserRole))

    def _weigh(self) -> None:
        """Build the pattern as it is typed, and say what comes of it."""
        if self.pages.currentIndex() == 0:
            self.create_button.setEnabled(True)
            self.create_button.setToolTip("")
            return
        try:
            findings = look(self._expanded())
        except SpecError as error:
            self._judge("error", error.problems[0].message)
            return
        errors = [problem for problem in findings.problems if problem.is_error]
        if errors:
            self._judge("error", "\n".join(str(problem) for problem in errors[:3]))
            return
        self._judge("ok", "\n".join(_facts(findings)))

    def _judge(self, state: str, text: str) -> None:
        self.verdict.setText(sentence(text))
        self.verdict.setProperty("state", state)
        self.verdict.style().polish(self.verdict)
        self.create_button.setEnabled(state == "ok")
        self.create_button.setToolTip("" if state == "ok" else plain_tip(text))

    def _expanded(self) -> GraphSpec:
        parts = self.shape.text().replace("×", ",").split(",")
        if not all(part.strip().isdecimal() for part in parts):
            raise SpecError(
                f"the shape is whole numbers, such as 3, 32, 32; not “{self.shape.text():.40}”"
            )
        shape = tuple(int(part) for part in parts)
        return expand(self.pattern.toPlainText(), shape, self.classes.value(), name="untitled")

    def _accept(self) -> None:
        if self.pages.currentIndex() == 1:
            self.chosen = self._expanded()
        else:
            self.chosen = _findings(self._template()).spec
        self.accept()


@cache
def _findings(name: str) -> Findings:
    return look(empty_network() if name == EMPTY else zoo.load(name))


def _about(name: str) -> str:
    if name == EMPTY:
        return "An image and a label, and no layers: add them on the canvas."
    builder = next(item for item in BUILDERS if item.__name__ == name)
    return (inspect.getdoc(builder) or "").replace("``", "")


def _facts(findings: Findings) -> list[str]:
    """What a network takes, what it gives, and what it costs."""
    spec, total = findings.spec, findings.total
    takes = " and ".join(
        f"{item.id} of {item.classes} classes" if item.classes else f"{item.id} of {item.tensor()}"
        for item in spec.inputs
    )
    facts = [f"Reads {takes}"]
    gives = " and ".join(f"{name} of {findings.shapes[name]}" for name in spec.outputs)
    if gives:
        facts.append(f"Gives {gives}")
    if spec.layers:
        facts.append(f"{len(spec.layers):,} layers, {total.params:,} parameters")
        facts.append(f"{total.macs:,} multiply-accumulates an image")
    if spec.training is not None and spec.training.data:
        facts.append(f"Trains on {spec.training.data}")
    return facts


def _label(role: str, parent: QWidget) -> QLabel:
    label = QLabel(parent)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setFont(theme().font(role))  # type: ignore[arg-type]
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label
