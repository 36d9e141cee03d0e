"""``graphspec runs diff``."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from rich.table import Table

from graphspec.cli.output import out, print_json
from graphspec.train.comparing import choices_of, differs, side_by_side
from graphspec.train.facts import facts_of
from graphspec.train.rundir import find_run


def diff_command(first: str, second: str, *, json: bool = False) -> None:
    """Compare two runs: what differs in their networks and settings, beside their results.

    Parameters
    ----------
    first
        A run's folder or name.
    second
        Another.
    json
        Print JSON.
    """
    runs = (find_run(first), find_run(second))
    both = side_by_side([choices_of(run) for run in runs])
    changes = {path: list(values) for path, values in both.items() if differs(values)}
    results = [asdict(facts_of(run)) for run in runs]
    if json:
        print_json({"runs": results, "differences": changes})
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("", *(run.name for run in runs)):
        table.add_column(title, overflow="fold")
    for name in ("status", "epoch", "loss", "accuracy"):
        table.add_row(name, *(_shown(row[name]) for row in results))
    for path, values in changes.items():
        table.add_row(path, *map(_shown, values), style="yellow")
    out.print(table)
    if not changes:
        out.print("Networks and settings are the same.")


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    return "–" if value is None else str(value)
