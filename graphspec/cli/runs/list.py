"""``graphspec runs list``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from graphspec.cli.output import out, print_json
from graphspec.quantities import duration
from graphspec.train.facts import facts_of
from graphspec.train.rundir import list_runs, runs_folder

_WIDE = 110
"""Columns of a terminal on which all of a row can be read."""
_NOTE = 48
"""Letters of a note that are listed."""
_WORDS = ("run", "model", "data", "status")


def list_command(folder: Path | None = None, *, json: bool = False) -> None:
    """List the runs, newest first.

    Parameters
    ----------
    folder
        Where the runs are; by default ./runs (or $GRAPHSPEC_RUNS).
    json
        Print JSON.
    """
    rows = [asdict(facts_of(run)) for run in list_runs(folder)]
    if json:
        print_json(rows)
        return
    if not rows:
        out.print(f"No runs in {folder or runs_folder()}. Make one: graphspec train lenet5")
        return
    columns: dict[str, Callable[[dict[str, Any]], str | None]] = {
        "run": lambda row: ("★ " if row["starred"] else "") + row["name"],
        "model": lambda row: row["model"],
        "data": lambda row: row["data"],
        "status": lambda row: row["status"],
        "epoch": lambda row: _shown(row["epoch"], ".3g"),
        "loss": lambda row: _shown(row["loss"], ".4f"),
        "accuracy": lambda row: _shown(row["accuracy"], ".2%"),
        "time": lambda row: None if row["seconds"] is None else duration(row["seconds"]),
    }
    if out.width < _WIDE:
        # A name that is cut short cannot be given to another command.
        del columns["data"], columns["time"]
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in columns:
        table.add_column(title, justify="left" if title in _WORDS else "right")
    for row in rows:
        table.add_row(*(tell(row) or "" for tell in columns.values()))
        if row["note"]:
            table.add_row(Text(f"  {row['note'].splitlines()[0][:_NOTE]}", style="dim"))
    out.print(table)


def _shown(value: float | None, style: str) -> str | None:
    return None if value is None else format(value, style)
