"""The runs as rows: what stands in each column, how it is sorted and found."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
)
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap

from graphspec.quantities import duration
from graphspec.train.facts import RunFacts
from graphspec_gui.runs.shown import ShownRun
from graphspec_gui.theme import ICON, plain_tip, theme

Index = QModelIndex | QPersistentModelIndex
STATUS = {
    "running": ("mdi6.play-circle-outline", "accent"),
    "finished": ("mdi6.check-circle-outline", "ok"),
    "stopped": ("mdi6.stop-circle-outline", "muted"),
    "new": ("mdi6.circle-outline", "muted"),
    "interrupted": ("mdi6.alert-outline", "warning"),
    "failed": ("mdi6.close-octagon-outline", "error"),
    "newer": ("mdi6.update", "disabled"),
    "damaged": ("mdi6.file-alert-outline", "error"),
}
"""The icon of each status, and its colour."""


NEWER = "A newer version of graphspec wrote it: update graphspec."
UNREAD = {"damaged": "Its folder is damaged.", "newer": NEWER}
"""Why a run cannot be shown, by its status."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its title, how wide it is at first in steps of the grid, and what it tells.

    ``key`` is what it is sorted by, None last; numbers stand on the right.
    """

    name: str
    title: str
    width: float
    tell: Callable[[RunFacts], str]
    key: Callable[[RunFacts], Any]
    number: bool = False


def words_of(status: str) -> str:
    """A status in words."""
    return "newer format" if status == "newer" else status


def best_of(facts: RunFacts) -> str:
    """The best value of the monitored metric in words."""
    if facts.best is None:
        return ""
    return f"{facts.best:.2%}" if facts.monitor == "accuracy" else f"{facts.best:.4g}"


def _best_key(facts: RunFacts) -> float | None:
    # Greater is better in this column, whatever is monitored.
    if facts.best is None:
        return None
    return facts.best if facts.monitor == "accuracy" else -facts.best


def moment(seconds: float | None) -> str:
    """A moment as date and time of day."""
    return "" if seconds is None else time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))


def _named(name: str, title: str, width: float) -> Column:
    def tell(facts: RunFacts) -> str:
        return str(getattr(facts, name) or "")

    return Column(name, title, width, tell, lambda facts: tell(facts).casefold() or None)


COLUMNS = (
    Column("shown", "", 6, lambda _: "", lambda _: None),
    Column("starred", "", 4, lambda _: "", lambda facts: facts.starred or None),
    _named("name", "Run", 20),
    Column(
        "status", "Status", 17, lambda facts: words_of(facts.status), lambda facts: facts.status
    ),
    _named("model", "Model", 13),
    _named("data", "Data", 13),
    Column("best", "Best", 9, best_of, _best_key, number=True),
    Column(
        "seconds",
        "Time",
        11.5,
        lambda facts: "" if facts.seconds is None else duration(facts.seconds),
        lambda facts: facts.seconds,
        number=True,
    ),
    _named("engine", "Engine", 8.5),
    Column("begun", "Begun", 17, lambda facts: moment(facts.begun), lambda facts: facts.begun),
    # The last one takes what room there is: beside the docks of a small screen this much.
    _named("note", "Note", 9),
)
PLACES = {column.name: place for place, column in enumerate(COLUMNS)}
_EDITED = ("name", "note")


class RunsTable(QAbstractTableModel):
    """A row for each run, in no order; ``RunsFilter`` sorts them.

    Args:
        shown: how a run is shown in the plots, by its path; None where it is not.
        is_in_front: whether a run, by its path, is the one that the viewers show.
        change: called with a run's facts, the column's name and the new value where somebody
            edits one; it tells whether that was done.
        parent: who owns it.
    """

    def __init__(
        self,
        shown: Callable[[str], ShownRun | None],
        is_in_front: Callable[[str], bool],
        change: Callable[[RunFacts, str, Any], bool],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.rows: list[RunFacts] = []
        self._shown, self._is_in_front = shown, is_in_front
        self._change = change
        self._icons: dict[str, QIcon] = {}
        theme().changed.connect(self.repaint)

    def set_facts(self, facts: Sequence[RunFacts]) -> None:
        """Take these runs; rows of runs that stay are kept, and with them their selection."""
        wanted = {item.path: item for item in facts}
        for row in range(len(self.rows) - 1, -1, -1):
            if self.rows[row].path not in wanted:
                self.beginRemoveRows(QModelIndex(), row, row)
                del self.rows[row]
                self.endRemoveRows()
        for row, old in enumerate(self.rows):
            new = wanted.pop(old.path)
            if new != old:
                self.rows[row] = new
                self._tell(row)
        if wanted:
            first = len(self.rows)
            self.beginInsertRows(QModelIndex(), first, first + len(wanted) - 1)
            self.rows += wanted.values()
            self.endInsertRows()

    def repaint(self) -> None:
        """Colours, or what is shown, are others now."""
        self._icons.clear()
        if self.rows:
            first, last = self.index(0, 0), self.index(len(self.rows) - 1, len(COLUMNS) - 1)
            self.dataChanged.emit(first, last)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """The number of runs."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """The number of columns."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """The titles."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        column = COLUMNS[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.title
        if role == Qt.ItemDataRole.ToolTipRole:
            return {"shown": "Drawn in the plots", "starred": "Starred"}.get(column.name)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(column)
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Names and notes can be edited, and runs be shown and hidden."""
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        name = COLUMNS[index.column()].name
        if name in _EDITED:
            flags |= Qt.ItemFlag.ItemIsEditable
        if name == "shown" and self.rows[index.row()].status not in UNREAD:
            flags |= Qt.ItemFlag.ItemIsUserCheckable
        return flags

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """What a cell shows."""
        facts, column = self.rows[index.row()], COLUMNS[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            text = column.tell(facts)
            return text.splitlines()[0] if text else text
        if role == Qt.ItemDataRole.EditRole:
            return column.tell(facts)
        if role == Qt.ItemDataRole.DecorationRole:
            return self._decoration(facts, column.name)
        if role == Qt.ItemDataRole.ForegroundRole and facts.status == "newer":
            return theme().color("disabled")
        if role == Qt.ItemDataRole.FontRole and column.name == "name":
            return theme().font("strong") if self._is_in_front(facts.path) else None
        if role == Qt.ItemDataRole.CheckStateRole and column.name == "shown":
            if facts.status in UNREAD:
                return None
            shown = self._shown(facts.path)
            visible = shown is not None and shown.visible
            return Qt.CheckState.Checked if visible else Qt.CheckState.Unchecked
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(_tip(facts, column))
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self._spoken(facts, column)
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Edit a cell."""
        facts, column = self.rows[index.row()], COLUMNS[index.column()]
        if role == Qt.ItemDataRole.CheckStateRole:
            value = Qt.CheckState(value) == Qt.CheckState.Checked
        elif role != Qt.ItemDataRole.EditRole or value == column.tell(facts):
            return False
        return self._change(facts, column.name, value)

    def _decoration(self, facts: RunFacts, name: str) -> QIcon | None:
        if name == "status":
            return self._icon(*STATUS[facts.status])
        if name == "starred":
            return self._icon(
                *(("mdi6.star", "warning") if facts.starred else ("mdi6.star-outline", "disabled"))
            )
        if name == "shown":
            shown = self._shown(facts.path)
            if shown is not None:
                series = theme().colors.series
                return self._swatch(series[shown.color % len(series)])
        return None

    def _icon(self, name: str, color: str) -> QIcon:
        return self._icons.setdefault(f"{name} {color}", theme().icon(name, color))

    def _swatch(self, color: str) -> QIcon:
        if color not in self._icons:
            # Twice as fine as the grid: it is scaled down where the screen is coarser.
            picture = QPixmap(2 * ICON, 2 * ICON)
            picture.setDevicePixelRatio(2)
            picture.fill(Qt.GlobalColor.transparent)
            painter = QPainter(picture)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(color))
            painter.drawRoundedRect(1, ICON // 2 - 2, ICON - 2, 4, 2, 2)
            painter.end()
            self._icons[color] = QIcon(picture)
        return self._icons[color]

    def _spoken(self, facts: RunFacts, column: Column) -> str:
        if column.name == "starred":
            return "starred" if facts.starred else "not starred"
        if column.name == "shown":
            shown = self._shown(facts.path)
            return "drawn in the plots" if shown and shown.visible else "not drawn"
        return f"{column.title} {column.tell(facts)}"

    def _tell(self, row: int) -> None:
        self.dataChanged.emit(self.index(row, 0), self.index(row, len(COLUMNS) - 1))


class RunsFilter(QSortFilterProxyModel):
    """The rows that hold every word of a text somewhere, sorted; unknown values come last."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._words: tuple[str, ...] = ()

    def set_text(self, text: str) -> None:
        """Show the rows with all words of a text."""
        self._words = tuple(text.casefold().split())
        self.invalidate()

    def facts_at(self, index: Index) -> RunFacts:
        """The run of a row."""
        return self._table.rows[self.mapToSource(index).row()]

    def filterAcceptsRow(self, source_row: int, source_parent: Index) -> bool:
        """Whether a row has all of the words."""
        if not self._words:
            return True
        facts = self._table.rows[source_row]
        hay = "\n".join(column.tell(facts) for column in COLUMNS).casefold()
        return all(word in hay for word in self._words)

    def lessThan(self, left: Index, right: Index) -> bool:
        """By the column's key; what is not known stands below, however it is sorted."""
        key = COLUMNS[left.column()].key
        a, b = key(self._table.rows[left.row()]), key(self._table.rows[right.row()])
        if a is None or b is None:
            rising = self.sortOrder() == Qt.SortOrder.AscendingOrder
            return (a is not None) == rising and (a is None) != (b is None)
        return bool(a < b)

    @property
    def _table(self) -> RunsTable:
        source = self.sourceModel()
        assert isinstance(source, RunsTable)
        return source


def _alignment(column: Column) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column.number else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter


def _tip(facts: RunFacts, column: Column) -> str:
    if column.name == "best" and facts.best is not None:
        return f"Best {facts.monitor} on the validation split"
    if column.name in ("shown", "status") and facts.status in UNREAD:
        return UNREAD[facts.status]
    if column.name == "name":
        return str(Path(facts.path))
    if column.name in ("shown", "starred"):
        return {"shown": "Draw it in the plots", "starred": "Star it"}[column.name]
    return column.tell(facts)
