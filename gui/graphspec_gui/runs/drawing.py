"""How the graph of one run became another's, drawn on a canvas in a tab of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer

from graphspec.errors import RunError
from graphspec.train.comparing import GraphDifference, compare_graphs
from graphspec.train.rundir import Run
from graphspec_gui.banner import Banner
from graphspec_gui.canvas.node_item import Mark
from graphspec_gui.runs.comparison import Comparison

if TYPE_CHECKING:
    from graphspec.train.facts import RunFacts
    from graphspec_gui.window import MainWindow

_FIELDS = 1
"""Fields that a mark names."""


def compare_runs(window: MainWindow, runs: list[RunFacts]) -> None:
    """Show the settings of runs side by side, and their curves behind them."""
    window.show_dock("plots_dock")
    Comparison(runs, lambda before, after: draw_difference(window, before, after), window).show()


def draw_difference(window: MainWindow, before: Run, after: Run) -> None:
    """Draw both graphs as one, with what was added, removed and changed marked as such."""
    try:
        found = compare_graphs(before.spec, after.spec)
    except RunError as error:
        window.say(Banner(str(error), {"Close": None}, window))
        return
    words = words_of(found, before.name, after.name)
    if not found:
        window.say(Banner(words, {"Close": None}, window, notice=True))
        return
    name = f"{before.name} → {after.name}"[:200]
    window.new(found.union.model_copy(update={"name": name}))
    tab = window.current
    assert tab is not None
    tab.view.set_overlay(marks_of(found))
    tab.say(Banner(words, {"Close": None}, tab, notice=True))
    # When the banner has taken its place.
    QTimer.singleShot(0, tab.view, tab.view.fit)


def marks_of(found: GraphDifference) -> dict[str, Mark]:
    """A mark for every node that differs, in a colour and in words."""
    marks = {name: Mark("ok", "added") for name in found.added}
    marks |= {name: Mark("error", "removed") for name in found.removed}
    for name, fields in found.changed.items():
        told = [f"{field} {_short(old)} → {_short(new)}" for field, (old, new) in fields.items()]
        more = f" +{len(told) - _FIELDS}" if len(told) > _FIELDS else ""
        marks[name] = Mark("accent", "; ".join(told[:_FIELDS]) + more)
    return marks


def words_of(found: GraphDifference, before: str, after: str) -> str:
    """The difference as one sentence."""
    if not found:
        return f"The graphs of {before} and {after} are the same."
    parts = [
        f"{len(names)} {what}"
        for what, names in (
            ("added", found.added), ("removed", found.removed), ("changed", found.changed),
        )
        if names
    ]  # fmt: skip
    return f"From {before} to {after}: {', '.join(parts)}. What was removed is still drawn."


def _short(value: object) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= 12 else text[:11] + "…"
