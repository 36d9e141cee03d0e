"""Where a network's parameters and its work go: a bar for a layer, a table for all."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from graphspec_gui.findings import Cost, Findings
from graphspec_gui.status import short
from graphspec_gui.theme import space, theme

SHARE = Qt.ItemDataRole.UserRole
NAME = Qt.ItemDataRole.UserRole + 1
MOST = 200
"""Layers that are listed, those that cost most."""


class ShareBar(QWidget):
    """One share of a whole, as a bar.

    Args:
        parent: where it stands.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._share = 0.0
        self.setFixedHeight(space(0.75))
        theme().changed.connect(self.update)

    def set_share(self, share: float, words: str) -> None:
        """Show a share between 0 and 1, with its words for screen readers."""
        self._share = share
        self.setAccessibleName(words)
        self.setToolTip(words)
        self.update()

    def paintEvent(self, event: object) -> None:
        """Draw the bar on its track."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        _bar(painter, QRectF(self.rect()), self._share)


class ShareTable(QTreeWidget):
    """Every layer with its share of parameters, work, and time if measured; the dearest first.

    Args:
        parent: where it stands.
    """

    wanted = Signal(str)
    """A layer was chosen."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("share_table")
        self.setAccessibleName("Where parameters, work and time go")
        self.setColumnCount(4)
        self.setHeaderLabels(["layer", "params", "MACs", "time"])
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        # Of dotted names the end tells one from another.
        self.setTextElideMode(Qt.TextElideMode.ElideLeft)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.header().setStretchLastSection(False)
        self.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column in (1, 2, 3):
            # A number is never cut: its end alone would be another number.
            self.header().setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        self.header().setSectionsClickable(False)
        delegate = _Bars(self)
        self.setItemDelegateForColumn(1, delegate)
        self.setItemDelegateForColumn(2, delegate)
        self.setItemDelegateForColumn(3, delegate)
        self.hideColumn(3)
        self.itemActivated.connect(lambda item: self.wanted.emit(item.data(0, NAME)))
        self.itemClicked.connect(lambda item: self.wanted.emit(item.data(0, NAME)))
        theme().changed.connect(self.viewport().update)

    def show_findings(self, findings: Findings, times: Mapping[str, float]) -> None:
        """List the layers that cost anything; ``times`` are seconds, empty if not measured."""
        self.clear()
        self.setColumnHidden(3, not times)
        total, spent = findings.total, sum(times.values())

        def price(item: tuple[str, Cost]) -> tuple[float, int]:
            return -times.get(item[0], 0.0), -(item[1].params + item[1].macs)

        for name, cost in sorted(findings.costs.items(), key=price)[:MOST]:
            if cost.params == cost.macs == 0 and not times.get(name):
                continue
            item = QTreeWidgetItem(self, [name, "", "", ""])
            item.setData(0, NAME, name)
            item.setToolTip(0, name)
            for column, value, whole in (
                (1, cost.params, total.params),
                (2, cost.macs, total.macs),
            ):
                share = value / whole if whole else 0.0
                item.setText(column, short(value) if value else "")
                item.setData(column, SHARE, share)
                item.setToolTip(column, f"{value:,}, {share:.1%} of the network's")
            if times:
                share = times[name] / spent if spent else 0.0
                item.setText(3, milliseconds(times[name]))
                item.setData(3, SHARE, share)
                item.setToolTip(3, f"{milliseconds(times[name])}, {share:.1%} of a training step")
        rows = min(self.topLevelItemCount(), 12)
        # The page scrolls, not the table, until it is long.
        self.setFixedHeight(space(4) + rows * space(3.5) + 2)
        self.setVisible(rows > 0)


class _Bars(QStyledItemDelegate):
    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        share = index.data(SHARE) or 0.0
        rect = QRectF(option.rect)
        track = QRectF(rect.left() + 4, rect.bottom() - 7, rect.width() - 12, 4)
        super().paint(painter, option, index)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        _bar(painter, track, share)
        painter.restore()

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        return QSize(super().sizeHint(option, index).width(), space(3.5))


def milliseconds(seconds: float) -> str:
    """A short time in words: ``0.53 ms``, ``12.3 ms``, ``1,204 ms``."""
    number = seconds * 1e3
    return f"{number:,.{2 if number < 10 else 1 if number < 100 else 0}f} ms"


def _bar(painter: QPainter, track: QRectF, share: float) -> None:
    radius = track.height() / 2
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme().color("raised"))
    painter.drawRoundedRect(track, radius, radius)
    if share > 0:
        filled = QRectF(track)
        filled.setWidth(max(track.width() * min(share, 1.0), track.height()))
        painter.setBrush(theme().color("accent"))
        painter.drawRoundedRect(filled, radius, radius)
