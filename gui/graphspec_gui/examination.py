"""What is wrong with a training or a network: the doctor's findings, with their numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from PySide6.QtWidgets import QTreeWidget, QTreeWidgetItem, QWidget

from graphspec.engines.numpy import NumpyEngine
from graphspec.graph import GraphSpec
from graphspec.inspect.doctor import CHECKS, examine
from graphspec.inspect.finding import Finding, Verdict
from graphspec.train.history import History
from graphspec.train.rundir import Run
from graphspec_gui.theme import space, theme
from graphspec_gui.viewers.network import Network, open_run, open_spec
from graphspec_gui.work_dialog import Tell, WorkDialog

_WORDS: dict[Verdict, str] = {"good": "good", "bad": "bad", "unknown": "cannot be told"}
_ICONS: dict[Verdict, tuple[str, str]] = {
    "good": ("mdi6.check-circle-outline", "ok"),
    "bad": ("mdi6.close-octagon-outline", "error"),
    "unknown": ("mdi6.help-circle-outline", "muted"),
}


class ExaminationDialog(WorkDialog):
    """The checks as rows, and below them what the chosen one says.

    Args:
        subject: a run, or a network that has not been trained.
        select: is given the layers of a finding that is chosen.
        parent: the window that it belongs to.
    """

    def __init__(
        self,
        subject: Run | GraphSpec,
        select: Callable[[Sequence[str]], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(
            "Examining…",
            "Sanity checks of the first loss, of updates, activations and generalisation. At last "
            "a copy learns twenty examples by heart; Stop skips what is left.",
            "Share examined",
            parent,
        )
        self.setObjectName("examination")
        self.setWindowTitle(f"Examination of {subject.name}")
        self.resize(space(112), space(58))
        self.findings: list[Finding] = []
        self._select = select
        self._rows: list[QTreeWidgetItem] = []
        self._by_itself = False
        self._build()
        theme().changed.connect(self._dress)
        self.begin(lambda tell: _examined(subject, tell))

    def _build(self) -> None:
        self.table = QTreeWidget(self)
        self.table.setAccessibleName("Findings")
        self.table.setRootIsDecorated(False)
        self.table.setUniformRowHeights(True)
        self.table.setHeaderLabels(["check", "verdict", "what was measured"])
        for place, width in enumerate((22, 18, 64)):
            self.table.header().resizeSection(place, space(width))
        self.table.currentItemChanged.connect(lambda *_: self._chosen())
        self.table.itemClicked.connect(lambda *_: self._chosen())
        self.body.addWidget(self.table, 1)
        self.measured, self.advice, self.about = (self.label("") for _ in range(3))
        self.advice.setFont(theme().font("strong"))
        self.about.setProperty("muted", True)
        for label, name in (
            (self.measured, "What was measured"),
            (self.advice, "What to do"),
            (self.about, "What it is about"),
        ):
            label.setAccessibleName(name)
            self.body.addWidget(label)

    def take(self, found: object) -> None:
        """Show a check."""
        assert isinstance(found, Finding)
        self.findings.append(found)
        texts = [found.check, _WORDS[found.verdict], found.measured]
        self._rows.append(QTreeWidgetItem(self.table, texts))
        self._dress()
        if self.table.currentItem() is None:
            self._choose(0)

    def _dress(self) -> None:
        for item, finding in zip(self._rows, self.findings, strict=True):
            item.setIcon(1, theme().icon(*_ICONS[finding.verdict]))

    def conclude(self) -> tuple[str, bool]:
        """How many checks found something bad, the first of which is chosen."""
        bad = [i for i, finding in enumerate(self.findings) if finding.verdict == "bad"]
        words = f"{len(bad)} of {len(self.findings)} checks found something bad."
        if not bad:
            words = "Nothing bad was found."
        if len(self.findings) < len(CHECKS):
            words += " It was stopped before the end."
        if bad and self.table.currentItem() is self._rows[0]:
            self._choose(bad[0])
        return words, bool(bad)

    def _choose(self, at: int) -> None:
        """Show a finding; what is selected on the canvas stays, since nobody asked."""
        self._by_itself = True
        self.table.setCurrentItem(self._rows[at])
        self._by_itself = False

    def _chosen(self) -> None:
        current = self.table.currentItem()
        if current is None:
            return
        finding = self.findings[self._rows.index(current)]
        about = ", ".join(finding.params or finding.layers)
        for label, words in (
            (self.measured, finding.measured),
            (self.advice, finding.advice),
            (self.about, f"About {about}" if about else ""),
        ):
            label.setText(words)
            # An empty one would leave a gap.
            label.setVisible(bool(words))
        if finding.layers and not self._by_itself:
            self._select(finding.layers)


def _examined(subject: Run | GraphSpec, tell: Tell) -> Iterator[Finding]:
    network, history = _open(subject)
    # It leaves the other cores to a training.
    engine = NumpyEngine(network.config.dtype)
    return examine(network.probe, network.data, network.config, engine, history, progress=tell)


def _open(subject: Run | GraphSpec) -> tuple[Network, History | None]:
    opened: Iterator[Network]
    if isinstance(subject, GraphSpec):
        return next(open_spec(subject, None)), None
    if subject.latest is None:
        # It broke before it saved any weights.
        opened = open_spec(subject.spec.model_copy(update={"training": subject.config}), None)
    else:
        opened = open_run(subject, "best", None, live=False)
    return next(opened), subject.read_history().history
